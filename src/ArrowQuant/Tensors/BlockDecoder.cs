using System.Buffers;
using ArrowQuant.Kernels;
using ArrowQuant.Kernels.Trellis;

namespace ArrowQuant.Tensors;

/// <summary>Decodes quantized rows exactly as every reader of the artefact must.</summary>
internal static class BlockDecoder
{
    /// <summary>
    /// Decodes rows <paramref name="firstRow"/> .. + <paramref name="rowCount"/> - 1 of the block (counted from its own first row) into
    /// [rowCount, columns] floats, rotated back and equalization scales applied.
    /// </summary>
    /// <exception cref="ArgumentException">The destination has another size, or the rows leave the block.</exception>
    public static void Decode(KernelSet kernels, QuantizedBlock block, int firstRow, int rowCount, Span<float> destination)
    {
        QuantizedFormat format = block.Format;
        GroupLayout layout = format.Groups;
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstRow + (long)rowCount, block.RowCount, nameof(rowCount));
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, checked(rowCount * layout.Columns), nameof(destination));
        int rowBytes = layout.RowBytes(format.BitWidth);
        byte[] codes = new byte[layout.Columns];
        var steps = new CodeSteps(kernels, format);
        for (int r = -steps.RowsBefore(firstRow); r < rowCount; r++)
        {
            int row = firstRow + r;
            Codes.Unpack(block.Codes.AsSpan(row * rowBytes, rowBytes), format.BitWidth, codes);
            steps.Turn(row, codes);
            if (r >= 0) DecodeRow(kernels, block, row, codes, destination.Slice(r * layout.Columns, layout.Columns));
        }
    }

    /// <summary>
    /// Decodes one row (counted from the block's first) from its unpacked codes, which <see cref="CodeSteps"/> has turned; rotated back and
    /// equalization scales applied.
    /// </summary>
    public static void DecodeRow(KernelSet kernels, QuantizedBlock block, int row, ReadOnlySpan<byte> codes, Span<float> destination)
    {
        GroupLayout layout = block.Format.Groups;
        int first = row * layout.GroupsPerRow, count = layout.GroupsPerRow;
        if (block.Format.LevelsPerGroup > 0)
        {
            DecodeLatticeRow(kernels, block, first, codes, destination);
        }
        else
        {
            ReadOnlySpan<float> zeroPoints = block.Format.Trellis is null ? block.ZeroPoints.AsSpan(first, count) : [TrellisTable.Bias];
            kernels.DecodeAffineRow(codes, layout.GroupSize, block.Scales.AsSpan(first, count), zeroPoints, destination);
        }

        block.Format.Rotation?.RotateBack(kernels, destination);
        if (block.Format.EqualizationScales is not { } scales) return;
        int perChannel = destination.Length / scales.Length;
        int i = 0;
        foreach (float scale in scales)
        {
            for (int end = i + perChannel; i < end; i++) destination[i] *= scale;
        }
    }

    private static void DecodeLatticeRow(
        KernelSet kernels, QuantizedBlock block, int firstGroup, ReadOnlySpan<byte> codes, Span<float> destination)
    {
        GroupLayout layout = block.Format.Groups;
        for (int g = 0; g < layout.GroupsPerRow; g++)
        {
            Range group = (g * layout.GroupSize)..(g * layout.GroupSize + layout.LengthOf(g));
            LatticeLevels levels = LatticeLevels.Of(block, firstGroup + g);
            kernels.DecodeLattice(codes[group], levels.Mu, levels.A1, levels.A2, destination[group]);
        }
    }

    /// <summary>
    /// Adds the errors of some rows, beginning at <paramref name="firstRow"/> of the block (counted from its own first), against their
    /// original weights: the figures of whatever decodes to the same values.
    /// </summary>
    /// <param name="kernels">The kernels.</param>
    /// <param name="block">The block.</param>
    /// <param name="firstRow">The first of the rows.</param>
    /// <param name="original">[rows, columns] weights.</param>
    /// <param name="sums">Added to, row by row.</param>
    public static void AddErrors(KernelSet kernels, QuantizedBlock block, int firstRow, ReadOnlySpan<float> original, ref ErrorSums sums)
    {
        GroupLayout layout = block.Format.Groups;
        int rowBytes = layout.RowBytes(block.Format.BitWidth);
        byte[] codes = new byte[layout.Columns];
        var steps = new CodeSteps(kernels, block.Format);
        for (int r = -steps.RowsBefore(firstRow); r < original.Length / layout.Columns; r++)
        {
            int row = firstRow + r;
            Codes.Unpack(block.Codes.AsSpan(row * rowBytes, rowBytes), block.Format.BitWidth, codes);
            steps.Turn(row, codes);
            if (r >= 0) AddRowErrors(kernels, block, row, codes, original.Slice(r * layout.Columns, layout.Columns), ref sums);
        }
    }

    /// <summary>The same for one row from its unpacked codes, which <see cref="CodeSteps"/> has turned.</summary>
    public static void AddRowErrors(
        KernelSet kernels, QuantizedBlock block, int row, ReadOnlySpan<byte> codes, ReadOnlySpan<float> original, ref ErrorSums sums)
    {
        GroupLayout layout = block.Format.Groups;
        int first = row * layout.GroupsPerRow;
        int count = layout.GroupsPerRow;
        ErrorSums own = new() { LargestError = sums.LargestError };
        if (block.Format.IsTransformed)
        {
            float[] decoded = ArrayPool<float>.Shared.Rent(layout.Columns);
            DecodeRow(kernels, block, row, codes, decoded.AsSpan(0, layout.Columns));
            kernels.AddErrors(original, decoded.AsSpan(0, layout.Columns), ref own);
            ArrayPool<float>.Shared.Return(decoded);
        }
        else if (block.Format.Layout == CodeLayout.Affine)
        {
            kernels.AddAffineErrors(
                original, codes, layout.GroupSize, block.Scales.AsSpan(first, count), block.ZeroPoints.AsSpan(first, count),
                block.Format.BitWidth, ref own);
        }
        else if (block.Format.Trellis is not null)
        {
            float[] zeroPoints = ArrayPool<float>.Shared.Rent(count);
            zeroPoints.AsSpan(0, count).Fill(TrellisTable.Bias);
            kernels.AddDecodedErrors(
                original, codes, layout.GroupSize, block.Scales.AsSpan(first, count), zeroPoints.AsSpan(0, count), ref own);
            ArrayPool<float>.Shared.Return(zeroPoints);
        }
        else
        {
            float[] tables = ArrayPool<float>.Shared.Rent(4 * count);
            for (int g = 0; g < count; g++) LatticeLevels.Of(block, first + g).CopyTo(tables.AsSpan(4 * g, 4));
            kernels.AddLatticeErrors(original, codes, layout.GroupSize, tables.AsSpan(0, 4 * count), ref own);
            ArrayPool<float>.Shared.Return(tables);
        }

        sums.Add(own);
    }
}
