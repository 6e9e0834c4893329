namespace ArrowQuant.TestKit;

/// <summary>
/// What the codes of layouts <c>trellis4</c> and <c>trellis6</c> stand for, from docs/format.md alone: each column walks down the rows of a
/// tile through 16 or 64 states.
/// </summary>
/// <param name="layout">The layout's name.</param>
/// <param name="columns">Columns of the matrix.</param>
public sealed class TrellisCodes(string layout, int columns)
{
    private const int TileRows = 512;

    private static readonly int[] Sixteen = [-78, 76, 22, -38, 35, -91, -57, -124, -21, 21, -13, 74, 127, -30, 64, 9];

    private static readonly int[] SixtyFour =
    [
        45, -51, 11, -22, -29, 38, -72, -7, -100, 16, -31, -38, -36, -5, -127, 32, -26, 9, -38, -78, 37, -7, -30, -62, 73, 35, 44, -5, 15,
        -60, -28, -8, -53, 21, 62, -8, -58, 77, -3, 29, 127, -22, -83, 61, 93, 13, 52, -48, 2, 68, -98, 32, 5, -45, 36, 87, -22, -77, 2, 33,
        45, 107, 7, 70,
    ];

    private readonly int[] _states = new int[columns];

    private readonly int[] _table = layout == "trellis4" ? Sixteen : SixtyFour;

    /// <summary>Whether a layout is one of them.</summary>
    public static bool Knows(string layout) => layout is "trellis4" or "trellis6";

    /// <summary>The table value of the next code of a column; rows are given in order, from the first of the block on.</summary>
    public int Next(int row, int column, int code)
    {
        int above = row % TileRows == 0 ? 0 : _states[column];
        _states[column] = ((above * 4) + code) % _table.Length;
        return _table[_states[column]];
    }
}
