"""The rows and their transitions: the database is the only shared truth, and a conditional UPDATE the only lock."""

from functions.models.configuration import Configuration
from functions.models.execution import Execution
from functions.models.function import Function
from functions.models.image import Image
from functions.models.pool_entry import PoolEntry

__all__ = ["Configuration", "Execution", "Function", "Image", "PoolEntry"]
