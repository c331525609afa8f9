// The smallest Node function: reads its event and answers with a status and a body.

exports.handle = ({ who = 'World' }) => ({ statusCode: 200, body: `Hello ${who}, from Node` });
