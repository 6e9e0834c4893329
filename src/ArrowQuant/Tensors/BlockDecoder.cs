using ArrowQuant.Kernels;

namespace ArrowQuant.Tensors;

/// <summary>Decodes quantized rows exactly as every reader of the artefact must.</summary>
internal static class BlockDecoder
{
    /// <summary>
    /// Decodes rows <paramref name="firstRow"/> .. + <paramref name="rowCount"/> - 1 of the block (counted from its own first row) into
    /// [rowCount, columns] floats, equalization scales applied.
    /// </summary>
    /// <exception cref="ArgumentException">The destination has another size, or the rows leave the block.</exception>
    public static void Decode(QuantizedBlock block, int firstRow, int rowCount, Span<float> destination)
    {
        QuantizedFormat format = block.Format;
        GroupLayout layout = format.Groups;
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstRow + (long)rowCount, block.RowCount, nameof(rowCount));
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, checked(rowCount * layout.Columns), nameof(destination));
        int rowBytes = layout.RowBytes(format.BitWidth);
        byte[] codes = new byte[layout.Columns];
        for (int r = 0; r < rowCount; r++)
        {
            int row = firstRow + r;
            Codes.Unpack(block.Codes.AsSpan(row * rowBytes, rowBytes), format.BitWidth, codes);
            Span<float> target = destination.Slice(r * layout.Columns, layout.Columns);
            for (int g = 0; g < layout.GroupsPerRow; g++)
            {
                int start = g * layout.GroupSize;
                int length = layout.LengthOf(g);
                DecodeGroup(block, row * layout.GroupsPerRow + g, codes.AsSpan(start, length), target.Slice(start, length));
            }

            if (format.EqualizationScales is { } scales) Equalize(target, scales);
        }
    }

    private static void DecodeGroup(QuantizedBlock block, int group, ReadOnlySpan<byte> codes, Span<float> target)
    {
        switch (block.Format.Layout)
        {
            case CodeLayout.Affine:
                Dequantize.Affine(codes, block.Scales[group], block.ZeroPoints[group], target);
                break;
            case CodeLayout.Lattice2:
                Dequantize.Lattice(codes, 0f, block.Levels[2 * group], block.Levels[2 * group + 1], target);
                break;
            case CodeLayout.Lattice3:
                Dequantize.Lattice(codes, block.Levels[3 * group], block.Levels[3 * group + 1], block.Levels[3 * group + 2], target);
                break;
            default:
                throw new ArgumentException($"layout {block.Format.Layout} has no codes");
        }
    }

    private static void Equalize(Span<float> row, ReadOnlySpan<float> scales)
    {
        int perChannel = row.Length / scales.Length;
        for (int c = 0; c < row.Length; c++) row[c] *= scales[c / perChannel];
    }
}
