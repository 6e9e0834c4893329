using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Methods;

/// <summary>
/// GPTQ as it is written down: one column after the other, every error taken out of all columns behind it at once, in double precision.
/// </summary>
/// <param name="format">How the codes are read.</param>
/// <param name="search">How affine grids are found.</param>
/// <param name="hessian">The factors.</param>
/// <param name="isStale">The mistake: groups inside a block of 128 columns are fitted on the weights that the block began with.</param>
internal sealed class NaiveCompensation(QuantizedFormat format, AffineSearch search, HessianFactor hessian, bool isStale = false)
{
    private const int BlockColumns = 128;

    public CodedRows Run(float[] weights)
    {
        int columns = format.Groups.Columns;
        int rows = weights.Length / columns;
        double[] working = [.. weights.Select(w => (double)w)];
        double[] atBlockStart = [.. working];
        byte[] codes = new byte[weights.Length];
        var block = new QuantizedBlock(format, 0, rows);
        if (hessian.IsActOrder)
        {
            for (int g = 0; g < format.Groups.GroupsPerRow; g++) Fit(g, working, block);
        }

        foreach (HessianSegment segment in hessian.Segments)
        {
            for (int j = 0; j < segment.Length; j++)
            {
                int column = segment.Order[j];
                if (j % BlockColumns == 0) working.CopyTo(atBlockStart, 0);
                int group = column / format.Groups.GroupSize;
                if (!hessian.IsActOrder && column % format.Groups.GroupSize == 0) Fit(group, isStale ? atBlockStart : working, block);
                for (int r = 0; r < rows; r++)
                {
                    (byte code, double decoded) = Nearest(working[r * columns + column], block, r * format.Groups.GroupsPerRow + group);
                    codes[r * columns + column] = code;
                    double error = (working[r * columns + column] - decoded) / segment.Factor[j * segment.Length + j];
                    for (int k = j + 1; k < segment.Length; k++)
                        working[r * columns + segment.Order[k]] -= error * segment.Factor[j * segment.Length + k];
                }
            }
        }

        return new CodedRows(codes, block);
    }

    private void Fit(int group, double[] working, QuantizedBlock block)
    {
        int start = group * format.Groups.GroupSize;
        int length = format.Groups.LengthOf(group);
        float[] importance = hessian.ColumnWeights.Length == 0 ? [] : hessian.ColumnWeights[start..(start + length)];
        KernelSet kernels = KernelSet.Create("scalar");
        for (int r = 0; r < block.RowCount; r++)
        {
            float[] values = [.. working.Skip(r * format.Groups.Columns + start).Take(length).Select(w => (float)w)];
            var row = new GroupRows(values, length, length, importance);
            int index = r * format.Groups.GroupsPerRow + group;
            Span<float> levels = block.Levels.AsSpan(index * format.LevelsPerGroup, format.LevelsPerGroup);
            if (format.Layout == CodeLayout.Affine)
                kernels.FitAffine(row, format.BitWidth, search, block.Scales.AsSpan(index, 1), block.ZeroPoints.AsSpan(index, 1));
            else
                kernels.FitLattice(row, format.Layout == CodeLayout.Lattice3, levels);
        }
    }

    // All levels are tried.
    private (byte Code, double Decoded) Nearest(double value, QuantizedBlock block, int group)
    {
        byte best = 0;
        double nearest = double.NaN;
        for (int code = 0; code < 1 << format.BitWidth; code++)
        {
            double level = Level(code, block, group);
            if (code > 0 && Math.Abs(value - level) >= Math.Abs(value - nearest)) continue;
            best = (byte)code;
            nearest = level;
        }

        return (best, nearest);
    }

    private double Level(int code, QuantizedBlock block, int group)
    {
        if (format.Layout == CodeLayout.Affine) return ((double)code - block.ZeroPoints[group]) * block.Scales[group];
        ReadOnlySpan<float> levels = block.Levels.AsSpan(group * format.LevelsPerGroup, format.LevelsPerGroup);
        double mu = levels.Length == 3 ? levels[0] : 0;
        return mu + ((code & 2) != 0 ? levels[^2] : -levels[^2]) + ((code & 1) != 0 ? levels[^1] : -levels[^1]);
    }
}
