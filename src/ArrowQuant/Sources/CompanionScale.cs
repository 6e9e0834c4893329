using ArrowQuant.Errors;
using ArrowQuant.Kernels;
using ArrowQuant.Tensors;

namespace ArrowQuant.Sources;

/// <summary>
/// The scales that an FP8 weight travels with: one, one per row, or one per block of 128 x 128; the weight is <c>fp8 * scale</c>.
/// Scales are read when the first value is asked for. Thread-safe.
/// </summary>
internal sealed class CompanionScale
{
    private const long BlockSize = 128;

    private static readonly string[] Endings = [".weight_scale", ".weight_scale_inv", ".scale_weight", ".scale"];

    private readonly Lazy<float[]> _scales;
    private readonly long _columns;
    private readonly long _rowBlock;
    private readonly long _columnBlock;

    private CompanionScale(TensorInfo scale, MatrixView view, (long Rows, long Columns) block, IModelSource source)
    {
        Scale = scale;
        _columns = view.Columns;
        (_rowBlock, _columnBlock) = block;
        _scales = new Lazy<float[]>(() => ReadAll(source, scale));
    }

    /// <summary>The tensor that holds the scales.</summary>
    public TensorInfo Scale { get; }

    /// <summary>The companion of a weight, or null when it has none.</summary>
    /// <param name="weight">Any tensor.</param>
    /// <param name="byName">All tensors of the same files.</param>
    /// <param name="source">Reads the scales.</param>
    /// <exception cref="ModelFormatException">There are several companions, or the type is not F32, F16 or BF16.</exception>
    /// <exception cref="ShapeMismatchException">The shape fits neither one, nor a scale per row, nor per block.</exception>
    public static CompanionScale? Of(TensorInfo weight, IReadOnlyDictionary<string, TensorInfo> byName, IModelSource source)
    {
        const string Weight = ".weight";
        if (weight.ElementType is not (ElementType.F8E4M3 or ElementType.F8E5M2)) return null;
        if (!weight.Name.EndsWith(Weight, StringComparison.Ordinal)) return null;
        string owner = weight.Name[..^Weight.Length];
        TensorInfo[] scales = [.. Endings.Where(ending => byName.ContainsKey(owner + ending)).Select(ending => byName[owner + ending])];
        if (scales.Length == 0) return null;
        if (scales.Length > 1)
        {
            string names = string.Join(" and ", scales.Select(candidate => Printable.Of(candidate.Name)));
            throw ModelFault.Of(weight.FilePath, $"has the companions {names}, expected one", weight.Name);
        }

        TensorInfo scale = scales[0];
        if (scale.ElementType is not (ElementType.F32 or ElementType.F16 or ElementType.BF16))
        {
            throw ModelFault.Of(
                scale.FilePath,
                $"scales of {Printable.Of(weight.Name)} have type {scale.ElementType.Name()}, expected float32, float16 or bfloat16",
                scale.Name);
        }

        MatrixView view = MatrixView.Of(weight.Shape);
        return new CompanionScale(scale, view, BlockOf(weight, scale, view), source);
    }

    /// <summary>Multiplies decoded values with their scales.</summary>
    /// <param name="first">The place of the first value in the weight, row-major.</param>
    /// <param name="values">Consecutive values; changed in place.</param>
    public void Apply(long first, Span<float> values)
    {
        float[] scales = _scales.Value;
        long blocksPerRow = (_columns + _columnBlock - 1) / _columnBlock;
        while (values.Length > 0)
        {
            (long row, long column) = Math.DivRem(first, _columns);
            long blockEnd = Math.Min(_columns, (column / _columnBlock + 1) * _columnBlock);
            int length = (int)Math.Min(values.Length, blockEnd - column);
            float scale = scales[row / _rowBlock * blocksPerRow + column / _columnBlock];
            foreach (ref float value in values[..length]) value *= scale;
            values = values[length..];
            first += length;
        }
    }

    private static (long Rows, long Columns) BlockOf(TensorInfo weight, TensorInfo scale, MatrixView view)
    {
        TensorShape shape = scale.Shape;
        (long rows, long columns) = (Math.Max(1, view.Rows), Math.Max(1, view.Columns));
        if (shape.ElementCount == 1) return (rows, columns);
        bool isPerRow = shape.Rank >= 1 && weight.Shape.Rank >= 2 && shape.Dimensions[0] == view.Rows && shape.ElementCount == view.Rows;
        if (isPerRow) return (1, columns);
        bool isPerBlock = shape.Rank == 2 && weight.Shape.Rank == 2
            && shape.Dimensions[0] == Blocks(view.Rows) && shape.Dimensions[1] == Blocks(view.Columns);
        if (isPerBlock) return (BlockSize, BlockSize);
        string blocks = weight.Shape.Rank == 2 ? $", or [{Blocks(view.Rows)}, {Blocks(view.Columns)}] for blocks of {BlockSize}" : "";
        throw new ShapeMismatchException(
            $"{scale.FilePath}: tensor '{Printable.Of(scale.Name)}': shape {shape} does not fit "
            + $"{Printable.Of(weight.Name)} {weight.Shape}, expected one scale, [{view.Rows}] or [{view.Rows}, 1] for rows{blocks}")
        {
            FilePath = scale.FilePath,
            TensorName = scale.Name,
        };
    }

    private static long Blocks(long size) => (size + BlockSize - 1) / BlockSize;

    private static float[] ReadAll(IModelSource source, TensorInfo scale)
    {
        byte[] bytes = new byte[scale.ByteLength];
        source.Read(scale, 0, bytes);
        float[] scales = new float[scale.Shape.ElementCount];
        FloatConversion.ToSingle(ElementTypeFormats.FormatOf(scale.ElementType), bytes, scales);
        return scales;
    }
}
