using ArrowQuant.Kernels;
using ArrowQuant.Tensors;

namespace ArrowQuant.Methods;

/// <summary>
/// Quantizes rows with one kind of grid: fits every group, encodes, removes the bias of each row, and measures what a reader will decode.
/// Not thread-safe (it keeps row buffers); make one per worker.
/// </summary>
internal sealed class RowQuantizer
{
    private readonly KernelSet _kernels;
    private readonly QuantizedFormat _format;
    private readonly AffineSearch _search;
    private readonly byte[] _codes;
    private readonly float[] _decoded;

    /// <summary>Creates a quantizer for one layer.</summary>
    public RowQuantizer(KernelSet kernels, QuantizedFormat format, AffineSearch search)
    {
        _kernels = kernels;
        _format = format;
        _search = search;
        _codes = new byte[format.Groups.Columns];
        _decoded = new float[format.Groups.Columns];
    }

    /// <summary>
    /// Quantizes [rows, columns] finite weights into the rows of <paramref name="block"/> that begin at <paramref name="firstRow"/>,
    /// and returns the sums over the weights and their decoded values, added row by row.
    /// </summary>
    public ErrorSums Quantize(ReadOnlySpan<float> weights, QuantizedBlock block, int firstRow)
    {
        GroupLayout layout = _format.Groups;
        int rows = weights.Length / layout.Columns;
        Fit(weights, block, firstRow * layout.GroupsPerRow, rows * layout.GroupsPerRow);
        ErrorSums sums = default;
        int rowBytes = layout.RowBytes(_format.BitWidth);
        for (int r = 0; r < rows; r++)
        {
            int row = firstRow + r;
            ReadOnlySpan<float> original = weights.Slice(r * layout.Columns, layout.Columns);
            Encode(original, block, row);
            Codes.Pack(_codes, _format.BitWidth, block.Codes.AsSpan(row * rowBytes, rowBytes));
            RowGain.Apply(block, row, RowGain.Of(Measure(original, block, row)));
            sums.Add(Measure(original, block, row));
        }

        return sums;
    }

    private void Fit(ReadOnlySpan<float> weights, QuantizedBlock block, int firstGroup, int groups)
    {
        var rows = new GroupRows(weights, _format.Groups.Columns, _format.Groups.GroupSize);
        if (_format.Layout == CodeLayout.Affine)
        {
            Span<float> scales = block.Scales.AsSpan(firstGroup, groups);
            _kernels.FitAffine(rows, _format.BitWidth, _search, scales, block.ZeroPoints.AsSpan(firstGroup, groups));
        }
        else
        {
            int perGroup = _format.LevelsPerGroup;
            _kernels.FitLattice(rows, _format.Layout == CodeLayout.Lattice3, block.Levels.AsSpan(firstGroup * perGroup, groups * perGroup));
        }
    }

    private void Encode(ReadOnlySpan<float> weights, QuantizedBlock block, int row)
    {
        GroupLayout layout = _format.Groups;
        for (int g = 0; g < layout.GroupsPerRow; g++)
        {
            int start = g * layout.GroupSize;
            int length = layout.LengthOf(g);
            int group = row * layout.GroupsPerRow + g;
            ReadOnlySpan<float> source = weights.Slice(start, length);
            Span<byte> target = _codes.AsSpan(start, length);
            if (_format.Layout == CodeLayout.Affine)
            {
                _kernels.EncodeAffine(source, block.Scales[group], block.ZeroPoints[group], _format.BitWidth, target);
            }
            else
            {
                LatticeLevels levels = LatticeLevels.Of(block, group);
                _kernels.EncodeLattice(source, levels.Mu, levels.A1, levels.A2, target);
            }
        }
    }

    private ErrorSums Measure(ReadOnlySpan<float> original, QuantizedBlock block, int row)
    {
        BlockDecoder.DecodeRow(_kernels, block, row, _codes, _decoded);
        ErrorSums sums = default;
        _kernels.AddErrors(original, _decoded, ref sums);
        return sums;
    }
}
