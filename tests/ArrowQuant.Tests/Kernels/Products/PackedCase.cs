using ArrowQuant.Kernels;
using ArrowQuant.Kernels.Products;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit;
using ArrowQuant.Tests.Storage;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Kernels.Products;

/// <summary>Packed rows with random codes and grids, and activations for them.</summary>
internal sealed class PackedCase
{
    private readonly QuantizedBlock _block;

    public PackedCase(int bits, CodeLayout layout, int columns, int groupSize, int rows, int count)
    {
        _block = StorageSamples.Block(StorageSamples.Format(bits, layout, columns, groupSize), 0, rows, 31 * columns + groupSize);
        Count = count;
        Activations = new SeededNumbers((ulong)(columns + bits)).Gaussian(columns * count);
    }

    public int Count { get; }

    public float[] Activations { get; }

    private int Columns => _block.Format.Groups.Columns;

    private int OrderBits => Rows.OrderBits;

    /// <summary>The rows as kernels take them.</summary>
    public PackedRows Rows => new()
    {
        Rows = _block.RowCount,
        Columns = Columns,
        Bits = _block.Format.BitWidth,
        GroupSize = _block.Format.Groups.GroupSize,
        Codes = _block.Codes,
        Scales = _block.Scales,
        ZeroPoints = _block.ZeroPoints,
        Levels = _block.Levels,
        LevelsPerGroup = _block.Format.LevelsPerGroup,
        Trellis = _block.Format.Trellis,
    };

    /// <summary>Rows from one of them on, with those above that their codes need.</summary>
    public PackedRows From(int first)
    {
        int rowBytes = _block.Codes.Length / _block.RowCount;
        int groups = _block.Format.Groups.GroupsPerRow;
        return new PackedRows
        {
            Rows = _block.RowCount - first,
            Columns = Columns,
            Bits = _block.Format.BitWidth,
            GroupSize = _block.Format.Groups.GroupSize,
            Trellis = _block.Format.Trellis,
            FirstRow = first,
            Codes = _block.Codes.AsSpan((first - (_block.Format.Trellis?.RowsAbove(first) ?? 0)) * rowBytes),
            Scales = _block.Scales.AsSpan(first * groups),
        };
    }

    /// <summary>The activations as kernels take them.</summary>
    public float[] Ordered()
    {
        int padded = PackedOrder.PaddedLength(Columns);
        float[] ordered = new float[Count * padded];
        for (int a = 0; a < Count; a++)
            PackedOrder.Arrange(Activations.AsSpan(a * Columns, Columns), OrderBits, ordered.AsSpan(a * padded, padded));
        return ordered;
    }

    /// <summary>[count, rows].</summary>
    public float[] Multiply(KernelSet kernels)
    {
        float[] products = new float[Count * _block.RowCount];
        kernels.Products.Multiply(Rows, Ordered(), Count, products, _block.RowCount);
        return products;
    }

    /// <summary>[rows, columns].</summary>
    public float[] Decoded() => StorageSamples.Decode(_block);

    /// <summary>The definition, from decoded weights, step by step.</summary>
    public float[] Definition()
    {
        float[] weights = Decoded();
        float[] products = new float[Count * _block.RowCount];
        int perByte = 8 / OrderBits;
        for (int i = 0; i < products.Length; i++)
        {
            int row = i % _block.RowCount, a = i / _block.RowCount;
            float[] sums = new float[128];
            // Places ascend with the byte in sixteen, and inside of these with the code in the byte.
            foreach (int c in Enumerable.Range(0, Columns).OrderBy(Place))
            {
                int sum = Place(c) % 128;
                sums[sum] = MathF.FusedMultiplyAdd(weights[row * Columns + c], Activations[a * Columns + c], sums[sum]);
            }

            float[] s = [.. Enumerable.Range(0, 16).Select(l => Four(l) + Four(l + 64))];
            float Four(int l) => (sums[l] + sums[l + 16]) + (sums[l + 32] + sums[l + 48]);
            for (int half = 8; half > 0; half /= 2)
            {
                for (int l = 0; l < half; l++) s[l] += s[l + half];
            }

            products[i] = s[0];
        }

        return products;

        int Place(int c) => (c / perByte / 16 * perByte + c % perByte) * 16 + c / perByte % 16;
    }

    /// <summary>How far the products are from those in double precision, relative to the norm of all.</summary>
    public double RelativeError(float[] products) => ProductError.Of(Decoded(), Columns, Activations, products);
}
