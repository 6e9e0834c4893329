using System.Buffers.Binary;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Exports.SafeTensors;

/// <summary>
/// A layer in the pack-quantized layout of compressed-tensors: codes packed little end first into int32 along the row, zero points packed
/// into int32 along the column, w = (code - zero point) * scale.
/// </summary>
internal sealed class PackedLayer
{
    private const string Suffix = ".weight";
    private const int WordBytes = 4;

    private readonly int _perWord;
    private readonly int _rows;
    private readonly int _groups;

    private PackedLayer(StoredLayer layer, ElementType scaleType)
    {
        QuantizedFormat format = layer.Header.Format!;
        _perWord = 32 / format.BitWidth;
        _rows = checked((int)layer.View.Rows);
        _groups = format.Groups.GroupsPerRow;
        long words = Words(format.Groups.Columns);
        Module = ModuleOf(layer);
        Packed = new(layer.Name + "_packed", ElementType.I32, new TensorShape(_rows, words));
        Scale = new(layer.Name + "_scale", scaleType, new TensorShape(_rows, _groups));
        ZeroPoint = new(layer.Name + "_zero_point", ElementType.I32, new TensorShape(Words(_rows), _groups));
        Shape = new(layer.Name + "_shape", ElementType.I64, new TensorShape(2));
    }

    /// <summary>The module whose weight this is: the layer's name without <c>.weight</c>.</summary>
    public string Module { get; }

    /// <summary>int32 [rows, words of a row].</summary>
    public TargetTensor Packed { get; }

    /// <summary>[rows, groups of a row].</summary>
    public TargetTensor Scale { get; }

    /// <summary>int32 [words of a column, groups of a row].</summary>
    public TargetTensor ZeroPoint { get; }

    /// <summary>int64 [2]: rows and columns.</summary>
    public TargetTensor Shape { get; }

    /// <summary>All four.</summary>
    public IReadOnlyList<TargetTensor> Targets => [Packed, Scale, ZeroPoint, Shape];

    /// <summary>Why a layer does not fit the layout; null when it does.</summary>
    public static string? Refusal(StoredLayer layer)
    {
        QuantizedFormat format = layer.Header.Format!;
        if (format is not { Layout: CodeLayout.Affine, BitWidth: 4 or 8 }) return "not packed: only affine INT4 and INT8 have integer zero points";
        if (format.EqualizationScales is not null) return "not packed: its input channels are equalized";
        if (format.Rotation is not null) return "not packed: its groups are rotated";
        if (!WeightPiece.HasPlainGrids(layer)) return "not packed: its groups run along the outer dimension";
        if (layer.Shape.Rank != 2) return "not packed: it is no matrix";
        if (!layer.Name.EndsWith(Suffix, StringComparison.Ordinal)) return $"not packed: its name does not end with {Suffix}";
        GroupLayout groups = format.Groups;
        return groups.GroupsPerRow > 1 && groups.Columns % groups.GroupSize != 0
            ? $"not packed: rows of {groups.Columns} are no multiple of the group size {groups.GroupSize}"
            : null;
    }

    /// <summary>The layout of a layer without a <see cref="Refusal"/>.</summary>
    public static PackedLayer Of(StoredLayer layer, ElementType scaleType) => new(layer, scaleType);

    /// <summary>The module of a weight, or the name itself.</summary>
    public static string ModuleOf(StoredLayer layer) =>
        layer.Name.EndsWith(Suffix, StringComparison.Ordinal) ? layer.Name[..^Suffix.Length] : layer.Name;

    /// <summary>The words of a block's rows.</summary>
    public byte[] PackRows(QuantizedBlock block)
    {
        // The same order of bits as in the artefact; only the end of a row is longer.
        int stored = block.Format.Groups.RowBytes(block.Format.BitWidth);
        int padded = (int)Packed.Shape.Dimensions[1] * WordBytes;
        byte[] words = new byte[block.RowCount * padded];
        for (int row = 0; row < block.RowCount; row++) block.Codes.AsSpan(row * stored, stored).CopyTo(words.AsSpan(row * padded));
        return words;
    }

    /// <summary>Puts a block's zero points into the words of the whole layer.</summary>
    public void PackZeroPoints(QuantizedBlock block, Span<byte> words)
    {
        int bits = 32 / _perWord;
        for (int i = 0; i < block.ZeroPoints.Length; i++)
        {
            int row = (int)block.RowStart + i / _groups;
            Span<byte> word = words[((row / _perWord * _groups + i % _groups) * WordBytes)..];
            uint value = BinaryPrimitives.ReadUInt32LittleEndian(word) | (uint)block.ZeroPoints[i] << row % _perWord * bits;
            BinaryPrimitives.WriteUInt32LittleEndian(word, value);
        }
    }

    /// <summary>The values of <see cref="Shape"/>.</summary>
    public static byte[] ShapeBytes(StoredLayer layer)
    {
        byte[] bytes = new byte[2 * sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, layer.View.Rows);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(sizeof(long)), layer.View.Columns);
        return bytes;
    }

    /// <summary>Decodes one row from its words, the zero points of the layer and the scales of the row.</summary>
    public void Decode(int row, ReadOnlySpan<byte> words, ReadOnlySpan<byte> zeroPoints, ReadOnlySpan<float> scales, Span<float> values)
    {
        int bits = 32 / _perWord, mask = (1 << bits) - 1, groupSize = values.Length / _groups;
        for (int column = 0; column < values.Length; column++)
        {
            int group = column / groupSize;
            uint word = BinaryPrimitives.ReadUInt32LittleEndian(words[(column / _perWord * WordBytes)..]);
            uint zeroWord = BinaryPrimitives.ReadUInt32LittleEndian(zeroPoints[((row / _perWord * _groups + group) * WordBytes)..]);
            int code = (int)(word >> column % _perWord * bits) & mask;
            int zeroPoint = (int)(zeroWord >> row % _perWord * bits) & mask;
            values[column] = (code - zeroPoint) * scales[group];
        }
    }

    private long Words(int count) => (count + _perWord - 1) / _perWord;
}
