"""One call: a slot, a ready image, a container, the event in and the result out."""
