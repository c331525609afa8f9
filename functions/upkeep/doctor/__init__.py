"""The doctor looks at a node as a whole, names every rule of docs/upkeep.md that does not hold, and changes nothing."""
