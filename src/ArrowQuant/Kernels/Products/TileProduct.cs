using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels.Products;

/// <summary>
/// Products of decoded rows with many rows of activations: <see cref="Rows"/> times two at a time, for every sixteenth part of a stride that
/// has its own partial sums, so that a weight or an activation that was loaded is used more than once. Each product has the additions of
/// <see cref="RowProduct{T, TValues, TCut}"/>, in its order.
/// </summary>
internal static unsafe class TileProduct<T>
    where T : unmanaged, ILanes<T>
{
    /// <summary>Rows of a tile; eight accumulators keep the multipliers busy, and leave registers for what is multiplied.</summary>
    public const int Rows = 4;

    /// <summary>Floats of one part of a stride of a tile.</summary>
    public const int Step = Rows * Lanes;

    /// <summary>Floats of the scratch that a call needs.</summary>
    public const int ScratchLength = Block * Rows * (Stride + Lanes);

    // Rows of activations that take their turn together: what they need of a part stays in the cache.
    private const int Block = 8;
    private const int Lanes = PartialSums.Lanes;
    private const int Stride = PackedOrder.Stride;
    private const int Parts = Stride / Lanes;

    /// <summary>Multiplies rows.</summary>
    /// <param name="weights">Tiles, [tile, part, stride, row, lane]; rows that the last one has too many are of no account.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="strides">Strides of a row.</param>
    /// <param name="x">Rows of activations in order, [count, strides, 128].</param>
    /// <param name="count">How many.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    /// <param name="products">The product of row r and activations a goes to <c>a * stride + r</c>.</param>
    /// <param name="stride">Distance of the products of two rows of activations.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(
        float* weights, int rows, nint strides, float* x, int count, float* scratch, float* products, nint stride)
    {
        nint padded = strides * Stride;
        float* sums = scratch + Block * Rows * Stride;
        for (int first = 0; first < count; first += Block)
        {
            int now = Math.Min(Block, count - first);
            for (int row = 0; row < rows; row += Rows)
            {
                for (int part = 0; part < Parts; part++)
                {
                    float* w = weights + row * padded + part * strides * Step;
                    for (int a = 0; a < now; a += 2)
                    {
                        float* one = x + (first + a) * padded + part * Lanes;
                        float* other = a + 1 < now ? one + padded : one;
                        for (int lane = 0; lane < Lanes; lane += T.Count)
                            Add(w + lane, one + lane, other + lane, strides, scratch + a * Rows * Stride + part * Lanes + lane);
                    }
                }

                for (int a = 0; a < now; a++)
                {
                    for (int r = 0; r < Rows; r++) SumUp(scratch + (a * Rows + r) * Stride, sums + r * Lanes);
                    PartialSums.Fold(sums, Math.Min(Rows, rows - row), products + (first + a) * stride + row);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Add(float* w, float* x, float* y, nint strides, float* partial)
    {
        T a0 = T.Of(0f), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        for (; strides > 0; strides--)
        {
            T one = T.Load(x), other = T.Load(y);
            T weight = T.Load(w);
            a0 = T.MultiplyAdd(weight, one, a0);
            b0 = T.MultiplyAdd(weight, other, b0);
            weight = T.Load(w + 16);
            a1 = T.MultiplyAdd(weight, one, a1);
            b1 = T.MultiplyAdd(weight, other, b1);
            weight = T.Load(w + 32);
            a2 = T.MultiplyAdd(weight, one, a2);
            b2 = T.MultiplyAdd(weight, other, b2);
            weight = T.Load(w + 48);
            a3 = T.MultiplyAdd(weight, one, a3);
            b3 = T.MultiplyAdd(weight, other, b3);
            w += Step;
            x += Stride;
            y += Stride;
        }

        T.Store(a0, partial);
        T.Store(a1, partial + Stride);
        T.Store(a2, partial + 2 * Stride);
        T.Store(a3, partial + 3 * Stride);
        T.Store(b0, partial + 4 * Stride);
        T.Store(b1, partial + 5 * Stride);
        T.Store(b2, partial + 6 * Stride);
        T.Store(b3, partial + 7 * Stride);
    }

    // The sums that are sixteen apart.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SumUp(float* partial, float* sums)
    {
        for (int lane = 0; lane < Lanes; lane += T.Count)
        {
            float* s = partial + lane;
            T low = (T.Load(s) + T.Load(s + 16)) + (T.Load(s + 32) + T.Load(s + 48));
            T high = (T.Load(s + 64) + T.Load(s + 80)) + (T.Load(s + 96) + T.Load(s + 112));
            T.Store(low + high, sums + lane);
        }
    }
}
