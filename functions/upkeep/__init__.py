"""Upkeep: what calls and builds that died have left behind is found and finished."""
