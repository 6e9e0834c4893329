using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Exports.Onnx;

/// <summary>The parts of a quantized layer in the arrangement of an export: groups of one size, rows of whole groups.</summary>
internal sealed class LayerContent
{
    // What MatMulNBits takes as a block: a power of two from 16 on.
    private const int SmallestBlock = 16;
    private const int LargestBlock = 256;

    private readonly ArtefactReader _artefact;
    private readonly StoredLayer _layer;

    /// <summary>Arranges a layer.</summary>
    /// <param name="artefact">The artefact.</param>
    /// <param name="layer">A quantized layer of it.</param>
    public LayerContent(ArtefactReader artefact, StoredLayer layer)
    {
        _artefact = artefact;
        _layer = layer;
        Format = layer.Header.Format!;
        GroupSize = SmallestForm(layer.View.Columns);
        Groups = (int)((layer.View.Columns + GroupSize - 1) / GroupSize);
        RowBytes = checked(Groups * GroupSize * Format.BitWidth / 8);
    }

    /// <summary>How the codes are read.</summary>
    public QuantizedFormat Format { get; }

    /// <summary>Columns in a group.</summary>
    public int GroupSize { get; }

    /// <summary>Groups in a row, the last one filled up.</summary>
    public int Groups { get; }

    /// <summary>Bytes of the codes of a row, the last group filled up with codes 0.</summary>
    public int RowBytes { get; }

    /// <summary>Rows.</summary>
    public long Rows => _layer.View.Rows;

    /// <summary>Codes [rows, <see cref="RowBytes"/>], a piece for each block.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Codes()
    {
        int stored = Format.Groups.RowBytes(Format.BitWidth);
        foreach (QuantizedBlock block in Blocks())
        {
            if (stored == RowBytes)
            {
                yield return block.Codes;
                continue;
            }

            byte[] rows = new byte[block.RowCount * RowBytes];
            for (int r = 0; r < block.RowCount; r++) block.Codes.AsSpan(r * stored, stored).CopyTo(rows.AsSpan(r * RowBytes));
            yield return rows;
        }
    }

    /// <summary>Scales [rows, groups], a piece for each block.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Scales() => Blocks().Select(block => Bytes(Spread(block.Scales, block.RowCount)));

    /// <summary>Zero points [rows, groups] as float32.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> ZeroPoints() => Blocks().Select(block => Bytes(Spread(block.ZeroPoints, block.RowCount)));

    /// <summary>Zero points packed like codes, every row of groups on its own bytes.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> PackedZeroPoints()
    {
        int bits = Format.BitWidth;
        int bytes = PackedZeroPointBytes;
        foreach (QuantizedBlock block in Blocks())
        {
            float[] points = Spread(block.ZeroPoints, block.RowCount);
            byte[] packed = new byte[block.RowCount * bytes];
            for (int r = 0; r < block.RowCount; r++)
            {
                for (int g = 0; g < Groups; g++)
                    packed[r * bytes + g * bits / 8] |= (byte)((int)points[r * Groups + g] << (g * bits % 8));
            }

            yield return packed;
        }
    }

    /// <summary>Bytes of the packed zero points of a row.</summary>
    public int PackedZeroPointBytes => (Groups * Format.BitWidth + 7) / 8;

    /// <summary>The values of the four codes of every group: [rows * groups, 4].</summary>
    public IEnumerable<ReadOnlyMemory<byte>> LevelTables()
    {
        foreach (QuantizedBlock block in Blocks())
        {
            float[] tables = new float[block.RowCount * Groups * 4];
            for (int i = 0; i < block.RowCount * Groups; i++) LatticeLevels.Of(block, StoredGroup(i)).CopyTo(tables.AsSpan(4 * i, 4));

            yield return Bytes(tables);
        }
    }

    /// <summary>True when every zero point is a code, so that it can be packed.</summary>
    public bool HasWholeZeroPoints() => Blocks().All(block =>
        !block.ZeroPoints.AsSpan().ContainsAnyExceptInRange(0f, (1 << Format.BitWidth) - 1)
        && Array.TrueForAll(block.ZeroPoints, point => point == MathF.Floor(point)));

    /// <summary>The factor of every column; null when there are none.</summary>
    public float[]? ColumnFactors()
    {
        if (Format.EqualizationScales is not { } scales) return null;
        float[] factors = new float[_layer.View.Columns];
        int perChannel = factors.Length / scales.Length;
        for (int c = 0; c < factors.Length; c++) factors[c] = scales[c / perChannel];
        return factors;
    }

    private IEnumerable<QuantizedBlock> Blocks()
    {
        for (int i = 0; i < _layer.Blocks.Count; i++) yield return _artefact.ReadBlock(_layer, i);
    }

    // A part of a group has the group's grid. Filling up the last group costs codes, more groups cost grids.
    private int SmallestForm(long columns)
    {
        int best = Format.PerChannel ? LargestBlock : Format.Groups.GroupSize;
        for (int size = best / 2; size >= SmallestBlock; size /= 2)
        {
            if (RowCost(columns, size) < RowCost(columns, best)) best = size;
        }

        return best;
    }

    // In bits: a code each, and a scale with its zero point or the four levels.
    private long RowCost(long columns, int groupSize)
    {
        long grid = Format.Layout == CodeLayout.Affine ? 32 + Format.BitWidth : 4 * 32;
        return (columns + groupSize - 1) / groupSize * (groupSize * Format.BitWidth + grid);
    }

    // The stored group that group i of consecutive rows is a part of.
    private int StoredGroup(int i) =>
        i / Groups * Format.Groups.GroupsPerRow + (Format.PerChannel ? 0 : i % Groups * GroupSize / Format.Groups.GroupSize);

    private float[] Spread(float[] perGroup, int rows)
    {
        float[] spread = new float[rows * Groups];
        for (int i = 0; i < spread.Length; i++) spread[i] = perGroup[StoredGroup(i)];
        return spread;
    }

    private static ReadOnlyMemory<byte> Bytes(float[] values) => WireMessage.ValuesOf(values);
}
