namespace ArrowQuant.Kernels.Lanes;

/// <summary>
/// A vector of <see cref="Count"/> single-precision lanes. Every kernel is written once over this interface; one lane is the scalar
/// definition. All operations are IEEE 754 binary32 per lane with one rounding, so that every width gives the same bits. Masks are lanes
/// of all ones or all zeros.
/// </summary>
internal unsafe interface ILanes<TSelf>
    where TSelf : unmanaged, ILanes<TSelf>
{
    /// <summary>Lanes in the vector: 1, 4, 8 or 16.</summary>
    static abstract int Count { get; }

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, TSelf b);

    static abstract TSelf operator /(TSelf a, TSelf b);

    static abstract TSelf Of(float value);

    static abstract TSelf Load(float* source);

    /// <summary><see cref="Count"/> bytes, each converted to its value.</summary>
    static abstract TSelf LoadBytes(byte* source);

    static abstract void Store(TSelf value, float* destination);

    /// <summary>Stores integral values of 0..255 as bytes.</summary>
    static abstract void StoreBytes(TSelf value, byte* destination);

    /// <summary><c>a * b + c</c> with one rounding.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    static abstract TSelf Min(TSelf a, TSelf b);

    static abstract TSelf Max(TSelf a, TSelf b);

    static abstract TSelf Abs(TSelf a);

    /// <summary>The nearest integral value, ties to even.</summary>
    static abstract TSelf Round(TSelf a);

    static abstract TSelf GreaterThan(TSelf a, TSelf b);

    static abstract TSelf GreaterOrEqual(TSelf a, TSelf b);

    /// <summary>True when <c>a >= b</c> in every lane.</summary>
    static abstract bool AllGreaterOrEqual(TSelf a, TSelf b);

    /// <summary>Per lane: <paramref name="a"/> where the mask is set, else <paramref name="b"/>.</summary>
    static abstract TSelf Select(TSelf mask, TSelf a, TSelf b);

    /// <summary><c>sums[lane] += a * b</c> in double precision, the product exact.</summary>
    static abstract void AddProducts(TSelf a, TSelf b, double* sums);

    /// <summary><c>sums[lane] += value</c> in double precision.</summary>
    static abstract void AddTo(TSelf value, double* sums);

    /// <summary>The least lane.</summary>
    static abstract float LeastOf(TSelf value);

    /// <summary>The largest lane.</summary>
    static abstract float LargestOf(TSelf value);

    /// <summary>The values of <see cref="Count"/> codes of 0..3 in a table of four.</summary>
    static abstract TSelf LookUp(byte* codes, float* table);

    /// <summary><see cref="Count"/> unsigned 16-bit numbers as the bits of the lanes, not as their values.</summary>
    static abstract TSelf LoadBits16(ushort* source);

    /// <summary><see cref="Count"/> signed 16-bit numbers, extended to the bits of the lanes, not as their values.</summary>
    static abstract TSelf LoadSigned16(ushort* source);

    /// <summary>The bits of every lane, moved up.</summary>
    static abstract TSelf ShiftLeft(TSelf value, int bits);

    /// <summary>The sum of the numbers that the bits of every lane are, modulo 2^32.</summary>
    static abstract TSelf AddBits(TSelf a, TSelf b);

    static abstract TSelf operator &(TSelf a, TSelf b);

    static abstract TSelf operator |(TSelf a, TSelf b);

    /// <summary>Lane i gets lane <c>i ^ distance</c>; a power of two below <see cref="Count"/>.</summary>
    static abstract TSelf Exchange(TSelf value, int distance);

    /// <summary>Lane i gets lane <c>(quarter * Count + i) / 4</c>: a quarter of the lanes, each four times; one lane stays.</summary>
    static abstract TSelf Spread(TSelf value, int quarter);

    /// <summary><see cref="Count"/> bytes as the bits of the lanes, not as their values.</summary>
    static abstract TSelf LoadByteBits(byte* source);

    /// <summary>The bits of every lane, moved down; zeros move in.</summary>
    static abstract TSelf ShiftRight(TSelf value, int bits);

    /// <summary>The value of the number that the bits of every lane are, below 2^24.</summary>
    static abstract TSelf ToValues(TSelf bits);

    /// <summary>0, 1, 2, ... up to <see cref="Count"/> - 1.</summary>
    static abstract TSelf Ramp { get; }

    /// <summary>The four values of a table in every four lanes; of one lane the first.</summary>
    static abstract TSelf LoadQuads(float* table);

    /// <summary>Per lane: the lane of <paramref name="table"/> that the bits name, modulo <see cref="Count"/>.</summary>
    static abstract TSelf Permute(TSelf table, TSelf bits);

    /// <summary>
    /// Per lane: the value that the bits name, modulo 4, of <paramref name="quads"/>, or where there are no four lanes of
    /// <paramref name="table"/>.
    /// </summary>
    static abstract TSelf LookUpQuads(TSelf bits, TSelf quads, float* table);

    /// <summary>
    /// The lower half of <paramref name="low"/> below the upper half of <paramref name="high"/>; of one lane the low one.
    /// </summary>
    static abstract TSelf Halves(TSelf low, TSelf high);
}
