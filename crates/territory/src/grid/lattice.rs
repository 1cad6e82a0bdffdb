//! Degrees to tiles and cells. The builder and the queries use these same computations.

/// Tiles of one degree around the globe, and from pole to pole.
pub(crate) const TILE_COLUMNS: u32 = 360;
pub(crate) const TILE_ROWS: u32 = 180;

/// All tiles.
pub(crate) const TILES: usize = (TILE_COLUMNS * TILE_ROWS) as usize;

/// A grid of square cells in degrees over the whole globe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lattice {
    per_degree: u32,
}

/// Where a point lies: its tile, and its cell within the tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) tile: u32,
    pub(crate) within: u32,
}

impl Lattice {
    pub(crate) const fn new(per_degree: u32) -> Self {
        Self { per_degree }
    }

    pub(crate) const fn per_degree(self) -> u32 {
        self.per_degree
    }

    /// Cells in a tile.
    pub(crate) const fn cells_in_tile(self) -> u32 {
        self.per_degree * self.per_degree
    }

    /// The cell that holds a point of the globe.
    pub(crate) fn cell(self, lon: f64, lat: f64) -> Cell {
        let (tile_column, column) = split(lon + 180.0, TILE_COLUMNS, self.per_degree);
        let (tile_row, row) = split(lat + 90.0, TILE_ROWS, self.per_degree);
        Cell { tile: tile_row * TILE_COLUMNS + tile_column, within: row * self.per_degree + column }
    }

    /// The column, counted around the globe, of a longitude; beyond the globe the last one.
    pub(crate) fn column(self, lon: f64) -> u32 {
        let (tile, column) = split((lon + 180.0).max(0.0), TILE_COLUMNS, self.per_degree);
        tile * self.per_degree + column
    }

    /// The row, counted from the south pole, of a latitude; beyond a pole the last one.
    pub(crate) fn row(self, lat: f64) -> u32 {
        let (tile, row) = split((lat + 90.0).max(0.0), TILE_ROWS, self.per_degree);
        tile * self.per_degree + row
    }

    /// The tile of a column and row that are counted around the globe.
    pub(crate) fn tile(self, column: u32, row: u32) -> u32 {
        row / self.per_degree * TILE_COLUMNS + column / self.per_degree
    }

    /// The cell, within its tile, of a column and row that are counted around the globe.
    pub(crate) fn within(self, column: u32, row: u32) -> u32 {
        row % self.per_degree * self.per_degree + column % self.per_degree
    }

    /// The western edge of a column.
    pub(crate) fn west(self, column: u32) -> f64 {
        self.edge(column) - 180.0
    }

    /// The southern edge of a row.
    pub(crate) fn south(self, row: u32) -> f64 {
        self.edge(row) - 90.0
    }

    /// Half a cell, in degrees.
    pub(crate) fn half_cell(self) -> f64 {
        0.5 / f64::from(self.per_degree)
    }

    fn edge(self, count: u32) -> f64 {
        f64::from(count / self.per_degree) + f64::from(count % self.per_degree) / f64::from(self.per_degree)
    }
}

/// Splits degrees from the western or southern end of the globe into a tile and a cell of it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` cuts towards zero, which is what is wanted, and saturates beyond the globe"
)]
#[inline]
fn split(degrees: f64, tiles: u32, per_degree: u32) -> (u32, u32) {
    let tile = (degrees as u32).min(tiles - 1);
    let within = ((degrees - f64::from(tile)) * f64::from(per_degree)) as u32;
    (tile, within.min(per_degree - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_globe_have_cells_and_edges_lie_within_rounding() {
        let lattice = Lattice::new(200);
        assert_eq!(lattice.cell(-180.0, -90.0), Cell { tile: 0, within: 0 });
        assert_eq!(lattice.cell(180.0, 90.0).tile as usize, TILES - 1);
        assert_eq!(lattice.cell(180.0, 90.0).within, 200 * 200 - 1);
        for (lon, lat) in [(2.349_999, 48.85), (-61.55, 16.25), (55.5, -21.1), (0.0, 0.0), (-1e-17, -0.0)] {
            let (column, row) = (lattice.column(lon), lattice.row(lat));
            assert!(lattice.west(column) <= lon + 1e-12 && lon <= lattice.west(column + 1) + 1e-12, "{lon}");
            assert!(lattice.south(row) <= lat + 1e-12 && lat <= lattice.south(row + 1) + 1e-12, "{lat}");
            let cell = lattice.cell(lon, lat);
            assert_eq!(cell.tile, row / 200 * TILE_COLUMNS + column / 200);
            assert_eq!(cell.within, row % 200 * 200 + column % 200);
        }
    }
}
