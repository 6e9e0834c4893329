using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels.LinearAlgebra;

/// <summary>
/// The innermost product: a strip of rows times a strip of columns, summed in registers. 12 rows x 2 vectors use 27 of the 32 registers
/// that come with 16 lanes; 4 rows x 3 vectors use all 16 of narrower processors. Each element is one chain of fused multiply-adds from
/// term 0 up.
/// </summary>
internal static unsafe class RegisterTile<T>
    where T : unmanaged, ILanes<T>
{
    /// <summary>Rows of a tile; a divisor of <see cref="TileScratch.Edge"/>.</summary>
    public static int Rows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => T.Count == 16 ? 12 : 4;
    }

    /// <summary>Columns of a tile; a divisor of <see cref="TileScratch.Edge"/>.</summary>
    public static int Columns
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (T.Count == 16 ? 2 : 3) * T.Count;
    }

    /// <param name="left">[depth, Rows].</param>
    /// <param name="right">[depth, Columns].</param>
    /// <param name="depth">Terms.</param>
    /// <param name="product">[Rows, Columns].</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(float* left, float* right, int depth, float* product)
    {
        if (T.Count == 16) Multiply12By2(left, right, depth, product);
        else Multiply4By3(left, right, depth, product);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Multiply12By2(float* left, float* right, int depth, float* product)
    {
        T zero = T.Of(0f);
        T s0x = zero, s0y = zero;
        T s1x = zero, s1y = zero;
        T s2x = zero, s2y = zero;
        T s3x = zero, s3y = zero;
        T s4x = zero, s4y = zero;
        T s5x = zero, s5y = zero;
        T s6x = zero, s6y = zero;
        T s7x = zero, s7y = zero;
        T s8x = zero, s8y = zero;
        T s9x = zero, s9y = zero;
        T s10x = zero, s10y = zero;
        T s11x = zero, s11y = zero;
        for (int p = 0; p < depth; p++, left += 12, right += 2 * T.Count)
        {
            T x = T.Load(right);
            T y = T.Load(right + T.Count);
            T a = T.Of(left[0]);
            s0x = T.MultiplyAdd(a, x, s0x);
            s0y = T.MultiplyAdd(a, y, s0y);
            T b = T.Of(left[1]);
            s1x = T.MultiplyAdd(b, x, s1x);
            s1y = T.MultiplyAdd(b, y, s1y);
            T c = T.Of(left[2]);
            s2x = T.MultiplyAdd(c, x, s2x);
            s2y = T.MultiplyAdd(c, y, s2y);
            T d = T.Of(left[3]);
            s3x = T.MultiplyAdd(d, x, s3x);
            s3y = T.MultiplyAdd(d, y, s3y);
            T e = T.Of(left[4]);
            s4x = T.MultiplyAdd(e, x, s4x);
            s4y = T.MultiplyAdd(e, y, s4y);
            T f = T.Of(left[5]);
            s5x = T.MultiplyAdd(f, x, s5x);
            s5y = T.MultiplyAdd(f, y, s5y);
            T g = T.Of(left[6]);
            s6x = T.MultiplyAdd(g, x, s6x);
            s6y = T.MultiplyAdd(g, y, s6y);
            T h = T.Of(left[7]);
            s7x = T.MultiplyAdd(h, x, s7x);
            s7y = T.MultiplyAdd(h, y, s7y);
            T i = T.Of(left[8]);
            s8x = T.MultiplyAdd(i, x, s8x);
            s8y = T.MultiplyAdd(i, y, s8y);
            T j = T.Of(left[9]);
            s9x = T.MultiplyAdd(j, x, s9x);
            s9y = T.MultiplyAdd(j, y, s9y);
            T k = T.Of(left[10]);
            s10x = T.MultiplyAdd(k, x, s10x);
            s10y = T.MultiplyAdd(k, y, s10y);
            T l = T.Of(left[11]);
            s11x = T.MultiplyAdd(l, x, s11x);
            s11y = T.MultiplyAdd(l, y, s11y);
        }

        T.Store(s0x, product);
        T.Store(s0y, product + T.Count);
        T.Store(s1x, product + 2 * T.Count);
        T.Store(s1y, product + 3 * T.Count);
        T.Store(s2x, product + 4 * T.Count);
        T.Store(s2y, product + 5 * T.Count);
        T.Store(s3x, product + 6 * T.Count);
        T.Store(s3y, product + 7 * T.Count);
        T.Store(s4x, product + 8 * T.Count);
        T.Store(s4y, product + 9 * T.Count);
        T.Store(s5x, product + 10 * T.Count);
        T.Store(s5y, product + 11 * T.Count);
        T.Store(s6x, product + 12 * T.Count);
        T.Store(s6y, product + 13 * T.Count);
        T.Store(s7x, product + 14 * T.Count);
        T.Store(s7y, product + 15 * T.Count);
        T.Store(s8x, product + 16 * T.Count);
        T.Store(s8y, product + 17 * T.Count);
        T.Store(s9x, product + 18 * T.Count);
        T.Store(s9y, product + 19 * T.Count);
        T.Store(s10x, product + 20 * T.Count);
        T.Store(s10y, product + 21 * T.Count);
        T.Store(s11x, product + 22 * T.Count);
        T.Store(s11y, product + 23 * T.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Multiply4By3(float* left, float* right, int depth, float* product)
    {
        T zero = T.Of(0f);
        T s0x = zero, s0y = zero, s0z = zero;
        T s1x = zero, s1y = zero, s1z = zero;
        T s2x = zero, s2y = zero, s2z = zero;
        T s3x = zero, s3y = zero, s3z = zero;
        for (int p = 0; p < depth; p++, left += 4, right += 3 * T.Count)
        {
            T x = T.Load(right);
            T y = T.Load(right + T.Count);
            T z = T.Load(right + 2 * T.Count);
            T a = T.Of(left[0]);
            s0x = T.MultiplyAdd(a, x, s0x);
            s0y = T.MultiplyAdd(a, y, s0y);
            s0z = T.MultiplyAdd(a, z, s0z);
            T b = T.Of(left[1]);
            s1x = T.MultiplyAdd(b, x, s1x);
            s1y = T.MultiplyAdd(b, y, s1y);
            s1z = T.MultiplyAdd(b, z, s1z);
            T c = T.Of(left[2]);
            s2x = T.MultiplyAdd(c, x, s2x);
            s2y = T.MultiplyAdd(c, y, s2y);
            s2z = T.MultiplyAdd(c, z, s2z);
            T d = T.Of(left[3]);
            s3x = T.MultiplyAdd(d, x, s3x);
            s3y = T.MultiplyAdd(d, y, s3y);
            s3z = T.MultiplyAdd(d, z, s3z);
        }

        T.Store(s0x, product);
        T.Store(s0y, product + T.Count);
        T.Store(s0z, product + 2 * T.Count);
        T.Store(s1x, product + 3 * T.Count);
        T.Store(s1y, product + 4 * T.Count);
        T.Store(s1z, product + 5 * T.Count);
        T.Store(s2x, product + 6 * T.Count);
        T.Store(s2y, product + 7 * T.Count);
        T.Store(s2z, product + 8 * T.Count);
        T.Store(s3x, product + 9 * T.Count);
        T.Store(s3y, product + 10 * T.Count);
        T.Store(s3z, product + 11 * T.Count);
    }
}
