"""Pictures of a scene that is stepped: stills at full size, and a storyboard of small ones."""
