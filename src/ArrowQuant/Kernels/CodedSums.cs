namespace ArrowQuant.Kernels;

/// <summary>
/// What is kept of affine rows so that their errors can be told for any scales without reading them again: sums over runs of at most
/// <see cref="RunLength"/> weights of a group. With l = code - zero point, the reference scale r, which is the one that the group's range
/// has (<see cref="AffineSearch.MinMax"/>), and e = w - r l, they are those of e^2, e l and l^2, each in <see cref="Partials"/> parts. They
/// depend on the weights and the codes alone. Not thread-safe.
/// </summary>
/// <param name="rows">Rows at most.</param>
/// <param name="columns">Weights of a row.</param>
/// <param name="groupSize">Weights of a group.</param>
internal sealed class CodedSums(int rows, int columns, int groupSize)
{
    /// <summary>Weights of a run at most, so that single precision adds them up.</summary>
    public const int RunLength = 256;

    /// <summary>Parts of every sum.</summary>
    public const int Partials = 16;

    /// <summary>Sums of a run: those of e^2, e l and l^2.</summary>
    public const int Kinds = 3;

    private readonly int _groups = GroupsOf(columns, groupSize);
    private readonly bool[] _known = new bool[rows];
    private readonly float[] _sums = GC.AllocateUninitializedArray<float>(rows * RunsOf(columns, groupSize) * Kinds * Partials);
    private readonly float[] _scales = new float[3 * rows * GroupsOf(columns, groupSize)];

    /// <summary>Rows at most.</summary>
    public int Rows { get; } = rows;

    /// <summary>Runs of a row.</summary>
    public int Runs { get; } = RunsOf(columns, groupSize);

    /// <summary>Runs of a group.</summary>
    public int RunsPerGroup { get; } = RunsPerGroupOf(columns, groupSize);

    /// <summary>Whether the sums of a row are there.</summary>
    public bool Knows(int row) => _known[row];

    /// <summary>Begins a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="references">r of every group.</param>
    /// <param name="scales">b of every group.</param>
    /// <param name="knows">Whether its sums and its largest errors will be filled.</param>
    public void Begin(int row, ReadOnlySpan<float> references, ReadOnlySpan<float> scales, bool knows)
    {
        _known[row] = knows;
        references.CopyTo(ReferencesOf(row));
        scales.CopyTo(ScalesOf(row));
    }

    /// <summary>[runs, kinds, partials] of a row.</summary>
    public Span<float> SumsOf(int row)
    {
        int length = Runs * Kinds * Partials;
        return _sums.AsSpan(row * length, length);
    }

    /// <summary>r of every group of a row.</summary>
    public Span<float> ReferencesOf(int row) => _scales.AsSpan(3 * row * _groups, _groups);

    /// <summary>A scale b of every group of a row, near the one that weights are decoded with.</summary>
    public Span<float> ScalesOf(int row) => _scales.AsSpan((3 * row + 1) * _groups, _groups);

    /// <summary>The largest |w - b l| of every group of a row, or a bound for it.</summary>
    public Span<float> LargestOf(int row) => _scales.AsSpan((3 * row + 2) * _groups, _groups);

    /// <summary>Runs of a group that is not the last of its row.</summary>
    public static int RunsPerGroupOf(int columns, int groupSize) => (int)((Math.Min(columns, groupSize) + RunLength - 1L) / RunLength);

    /// <summary>Runs of a row, of which the last group may be short.</summary>
    public static int RunsOf(int columns, int groupSize)
    {
        int fullGroups = columns / groupSize;
        int rest = columns - fullGroups * groupSize;
        return fullGroups * RunsPerGroupOf(columns, groupSize) + (rest + RunLength - 1) / RunLength;
    }

    private static int GroupsOf(int columns, int groupSize) => (int)((columns + (long)groupSize - 1) / groupSize);
}
