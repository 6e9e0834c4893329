namespace ArrowQuant.Kernels.Products;

/// <summary>A product as pointers: rows of codes or of floats, their grids, activations in order, and where results go.</summary>
internal readonly unsafe struct ProductJob
{
    /// <summary>The first row; where there is a trellis, rows above it that states depend on come before.</summary>
    public required byte* Codes { get; init; }

    public required nint RowBytes { get; init; }

    public required int Rows { get; init; }

    public required int Columns { get; init; }

    public required int GroupSize { get; init; }

    public required int Groups { get; init; }

    public float* Scales { get; init; }

    public float* ZeroPoints { get; init; }

    public float* Levels { get; init; }

    public int LevelsPerGroup { get; init; }

    /// <summary>The number of the first row, counted from where tiles of a trellis begin.</summary>
    public int FirstRow { get; init; }

    /// <summary>[count, padded length].</summary>
    public required float* Activations { get; init; }

    public required int Count { get; init; }

    /// <summary>[count, stride].</summary>
    public required float* Products { get; init; }

    public required int Stride { get; init; }

    /// <summary>Strides of a row, the last of which may reach beyond its end.</summary>
    public nint Strides => PackedOrder.PaddedLength(Columns) / PackedOrder.Stride;

    /// <summary>Strides to a group that is at least as long as one.</summary>
    public nint StridesPerGroup => GroupSize >= Columns ? int.MaxValue : Math.Max(1, GroupSize / PackedOrder.Stride);
}
