"""Pictures of digits: reading files, finding digits by a network that is slid over them, ordering them in rows."""
