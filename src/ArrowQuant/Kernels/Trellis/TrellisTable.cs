namespace ArrowQuant.Kernels.Trellis;

/// <summary>
/// A bitshift trellis at 2 bits: code c moves state s to <c>((s &lt;&lt; 2) | c) mod 2^stateBits</c>, and every state stands for
/// one value of a table that all layers share. The tables were trained on the normal distribution (Lloyd iterations over Viterbi paths,
/// start state 0); they are constants of the format.
/// </summary>
internal sealed class TrellisTable
{
    /// <summary>Rows of a tile: a path goes down the rows of a column and begins in state 0 at the first row of every tile.</summary>
    public const int TileRows = 512;

    /// <summary>What is added to a table value to make it a byte.</summary>
    public const int Bias = 128;

    /// <summary>Bits of a table value plus <see cref="Bias"/>.</summary>
    public const int ValueBits = 8;

    /// <summary>The trellis of 16 states.</summary>
    public static readonly TrellisTable Four = new(4, 0.016773462f,
    [
        -78, 76, 22, -38, 35, -91, -57, -124, -21, 21, -13, 74, 127, -30, 64, 9,
    ]);

    /// <summary>The trellis of 64 states.</summary>
    public static readonly TrellisTable Six = new(6, 0.02031966f,
    [
        45, -51, 11, -22, -29, 38, -72, -7, -100, 16, -31, -38, -36, -5, -127, 32,
        -26, 9, -38, -78, 37, -7, -30, -62, 73, 35, 44, -5, 15, -60, -28, -8,
        -53, 21, 62, -8, -58, 77, -3, 29, 127, -22, -83, 61, 93, 13, 52, -48,
        2, 68, -98, 32, 5, -45, 36, 87, -22, -77, 2, 33, 45, 107, 7, 70,
    ]);

    private const int LargestStates = 64;

    private readonly float[] _values;
    private readonly byte[] _bytes;
    private readonly ushort[] _upperHalves;

    private TrellisTable(int stateBits, float unit, sbyte[] values)
    {
        StateBits = stateBits;
        Unit = unit;
        _values = [.. values.Select(value => (float)value)];
        _bytes = [.. values.Select(value => (byte)(value + Bias))];
        _upperHalves =
        [
            .. Enumerable.Range(0, LargestStates)
                .Select(state => (ushort)(BitConverter.SingleToUInt32Bits(values[state % values.Length]) >> 16)),
        ];
    }

    /// <summary>Bits of a state: 4 or 6.</summary>
    public int StateBits { get; }

    /// <summary>How many states.</summary>
    public int States => 1 << StateBits;

    /// <summary>The gain at which the table fits weights of variance 1.</summary>
    public float Unit { get; }

    /// <summary>The value of every state.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>The same values plus <see cref="Bias"/>.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>
    /// The upper halves of the values as floats, whose lower ones are zero; 64 of them, a table of fewer states several times.
    /// </summary>
    public ReadOnlySpan<ushort> UpperHalves => _upperHalves;

    /// <summary>Rows above a row of a block that its states depend on; fewer at the top of a tile.</summary>
    public int RowsAbove(int row) => Math.Min(row % TileRows, StateBits / 2 - 1);
}
