using System.Runtime.Intrinsics;
using ArrowQuant.Errors;
using ArrowQuant.Kernels.Lanes;
using ArrowQuant.Kernels.LinearAlgebra;
using ArrowQuant.Kernels.Products;
using ArrowQuant.Kernels.Trellis;

namespace ArrowQuant.Kernels;

/// <summary>
/// The kernels at one vector width. Every width gives the same bytes; <c>scalar</c> is the definition. Chosen once per quantizer.
/// </summary>
internal abstract class KernelSet
{
    /// <summary>The environment variable that forces a width.</summary>
    public const string EnvironmentVariable = "ARROW_QUANT_KERNELS";

    /// <summary>The names that can be forced.</summary>
    public static IReadOnlyList<string> Names { get; } = ["scalar", "v128", "v256", "v512"];

    /// <summary>The name of this width.</summary>
    public abstract string Name { get; }

    /// <summary>Dense linear algebra at this width.</summary>
    public abstract MatrixKernels Algebra { get; }

    /// <summary>Products with packed codes at this width.</summary>
    public abstract ProductKernels Products { get; }

    /// <summary>The set of the given name, or for null the widest that this processor has.</summary>
    /// <exception cref="ConfigurationException">The name is unknown.</exception>
    public static KernelSet Create(string? name) => name switch
    {
        null or "" => Create(Widest()),
        "scalar" => new KernelSet<Lanes1>("scalar"),
        "v128" => new KernelSet<Lanes4>("v128"),
        "v256" => new KernelSet<Lanes8>("v256"),
        "v512" => new KernelSet<Lanes16>("v512"),
        _ => throw new ConfigurationException([$"{EnvironmentVariable}: unknown kernel set '{name}'; valid: {string.Join(", ", Names)}"]),
    };

    /// <summary>Fits an affine grid to every group. Scales and zero points come out as they are stored.</summary>
    /// <param name="rows">The weights, all finite.</param>
    /// <param name="bits">2, 4 or 8.</param>
    /// <param name="search">How far to look.</param>
    /// <param name="scales">[rows, groups per row].</param>
    /// <param name="zeroPoints">[rows, groups per row], in code units.</param>
    public abstract void FitAffine(GroupRows rows, int bits, AffineSearch search, Span<float> scales, Span<float> zeroPoints);

    /// <summary>Fits the R2Q lattice to every group. Levels come out as they are stored.</summary>
    /// <param name="rows">The weights, all finite.</param>
    /// <param name="withOffset">Whether mu is fitted.</param>
    /// <param name="levels">[rows, groups per row, 2 or 3]: a1, a2 or mu, a1, a2.</param>
    public abstract void FitLattice(GroupRows rows, bool withOffset, Span<float> levels);

    /// <summary>
    /// The nearest codes of an affine grid: <c>clamp(round(w / scale + zeroPoint))</c>, ties to even; 0 where the scale is 0.
    /// </summary>
    public abstract void EncodeAffine(ReadOnlySpan<float> weights, float scale, float zeroPoint, int bits, Span<byte> codes);

    /// <summary>
    /// The codes that <see cref="EncodeAffine"/> gives every group of a row, and what <see cref="TryErrorsOfCoded{TKinds}"/> needs to know
    /// of them.
    /// </summary>
    /// <param name="weights">The row.</param>
    /// <param name="groupSize">Weights of a group: a multiple of 16, or the whole row.</param>
    /// <param name="references">
    /// The scale that <see cref="AffineSearch.MinMax"/> gives every group; may be <paramref name="scales"/> itself.
    /// </param>
    /// <param name="scales">One per group.</param>
    /// <param name="zeroPoints">One per group.</param>
    /// <param name="bits">2, 4 or 8.</param>
    /// <param name="codes">Receives as many codes.</param>
    /// <param name="sums">
    /// Receives the sums of the row; where a scale is so small or large that single precision cannot hold them, that they are not known.
    /// </param>
    /// <param name="row">The row in <paramref name="sums"/>.</param>
    /// <param name="ahead">What is read next, or empty: a hint.</param>
    public abstract void CodeAffineRow(
        ReadOnlySpan<float> weights, int groupSize, ReadOnlySpan<float> references, ReadOnlySpan<float> scales,
        ReadOnlySpan<float> zeroPoints, int bits, Span<byte> codes, CodedSums sums, int row, ReadOnlySpan<byte> ahead = default);

    /// <summary>
    /// The sums over a row and what its codes decode to with some scales: what <see cref="AddAffineErrors"/> adds, but for the largest
    /// error.
    /// </summary>
    /// <param name="sums">What is known of the row.</param>
    /// <param name="row">The row in them.</param>
    /// <param name="scales">One per group.</param>
    /// <param name="errors">The sums.</param>
    /// <typeparam name="TKinds">Those that are asked for; others are 0.</typeparam>
    /// <returns>False where they must be found by decoding.</returns>
    public abstract bool TryErrorsOfCoded<TKinds>(CodedSums sums, int row, ReadOnlySpan<float> scales, out ErrorSums errors)
        where TKinds : struct, ISumKinds;

    /// <summary>
    /// The largest error of a row whose sums are known, or <paramref name="atLeast"/> if that is more. Only weights that may have a larger
    /// one are decoded.
    /// </summary>
    public abstract float LargestErrorOfCoded(
        CodedSums sums, int row, ReadOnlySpan<float> weights, ReadOnlySpan<byte> codes, int groupSize,
        ReadOnlySpan<float> scales, ReadOnlySpan<float> zeroPoints, int bits, float atLeast);

    /// <summary>Multiplies positive values by a gain, at storage precision; others as <see cref="FloatStorage.Round"/> has it.</summary>
    /// <param name="values">Scales or levels.</param>
    /// <param name="gain">Positive.</param>
    /// <returns>Whether one of them changed.</returns>
    public abstract bool ApplyGain(Span<float> values, float gain);

    /// <summary>The nearest codes of a lattice: bit 1 for w >= mu, bit 0 for w at or above the coarse value.</summary>
    public abstract void EncodeLattice(ReadOnlySpan<float> weights, float mu, float a1, float a2, Span<byte> codes);

    /// <summary><c>w = (q - zeroPoint) * scale</c>, one rounding per operation.</summary>
    public abstract void DecodeAffine(ReadOnlySpan<byte> codes, float scale, float zeroPoint, Span<float> weights);

    /// <summary>
    /// <c>w = (mu ± a1) ± a2</c>, code bit 1 for +a1, bit 0 for +a2, one rounding per operation; so codes ascend with the value.
    /// </summary>
    public abstract void DecodeLattice(ReadOnlySpan<byte> codes, float mu, float a1, float a2, Span<float> weights);

    /// <summary>The same for every group of a row.</summary>
    /// <param name="codes">The codes of the row.</param>
    /// <param name="groupSize">Weights of a group; the last one may be short.</param>
    /// <param name="scales">One per group.</param>
    /// <param name="zeroPoints">One per group, or one for all.</param>
    /// <param name="weights">Receives as many weights.</param>
    public abstract void DecodeAffineRow(
        ReadOnlySpan<byte> codes, int groupSize, ReadOnlySpan<float> scales, ReadOnlySpan<float> zeroPoints, Span<float> weights);

    /// <summary>Adds the sums over one row of weights, in the order that <see cref="RowErrors{T}"/> defines.</summary>
    public abstract void AddErrors(ReadOnlySpan<float> original, ReadOnlySpan<float> decoded, ref ErrorSums sums);

    /// <summary>The same for what <see cref="DecodeAffineRow"/> gives, without storing it.</summary>
    /// <param name="original">The row.</param>
    /// <param name="codes">Its codes.</param>
    /// <param name="groupSize">Weights of a group: a multiple of 16, or the whole row.</param>
    /// <param name="scales">One per group.</param>
    /// <param name="zeroPoints">One per group.</param>
    /// <param name="sums">Added to.</param>
    public abstract void AddDecodedErrors(
        ReadOnlySpan<float> original, ReadOnlySpan<byte> codes, int groupSize,
        ReadOnlySpan<float> scales, ReadOnlySpan<float> zeroPoints, ref ErrorSums sums);

    /// <summary>
    /// The sums over an affine row and what its codes decode to: those that <see cref="AffineRuns{T}"/> and <see cref="RunErrors{T}"/>
    /// define, which a row that is just being coded gets without being read again; or those of <see cref="AddDecodedErrors"/>, where single
    /// precision cannot hold them.
    /// </summary>
    /// <param name="original">The row.</param>
    /// <param name="codes">Its codes.</param>
    /// <param name="groupSize">Weights of a group: a multiple of 16, or the whole row.</param>
    /// <param name="scales">One per group.</param>
    /// <param name="zeroPoints">One per group.</param>
    /// <param name="bits">2, 4 or 8.</param>
    /// <param name="sums">Added to.</param>
    public abstract void AddAffineErrors(
        ReadOnlySpan<float> original, ReadOnlySpan<byte> codes, int groupSize,
        ReadOnlySpan<float> scales, ReadOnlySpan<float> zeroPoints, int bits, ref ErrorSums sums);

    /// <summary>The same for what the codes of a lattice row decode to.</summary>
    /// <param name="original">The row.</param>
    /// <param name="codes">Its codes.</param>
    /// <param name="groupSize">Weights of a group: a multiple of 16, or the whole row.</param>
    /// <param name="tables">The four values of each group, by code.</param>
    /// <param name="sums">Added to.</param>
    public abstract void AddLatticeErrors(
        ReadOnlySpan<float> original, ReadOnlySpan<byte> codes, int groupSize, ReadOnlySpan<float> tables, ref ErrorSums sums);

    /// <summary>
    /// Little-endian values to binary32: exact, but for Double, which is rounded ties to even. Subnormals, signed zeros, infinities and NaN
    /// are kept.
    /// </summary>
    /// <returns>Whether all values are finite.</returns>
    /// <param name="format">How <paramref name="source"/> is encoded.</param>
    /// <param name="source">Exactly <paramref name="destination"/>.Length values.</param>
    /// <param name="destination">Receives the values; must not overlap <paramref name="source"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="source"/> holds another number of values.</exception>
    public abstract bool ToSingle(FloatFormat format, ReadOnlySpan<byte> source, Span<float> destination);

    /// <summary>
    /// Quantizes block columns [first, end) one after the other and takes each column's error out of the columns behind it, up to column
    /// <paramref name="columns"/>; <paramref name="factor"/> is the upper factor [.., stride], of which row and column
    /// <paramref name="offset"/> belong to the block's first column.
    /// </summary>
    public abstract void Compensate(
        ColumnBlock block, int first, int end, int columns, ColumnGrids grids, float[] factor, int stride, int offset);

    /// <summary>The codes of the best path down one column of a tile, in the sense of <see cref="TrellisPath{T}"/>.</summary>
    /// <param name="table">The trellis.</param>
    /// <param name="values">Finite values.</param>
    /// <param name="gains">As many gains, 0 or more.</param>
    /// <param name="codes">Receives as many codes.</param>
    public abstract void EncodeTrellis(TrellisTable table, ReadOnlySpan<float> values, ReadOnlySpan<float> gains, Span<byte> codes);

    /// <summary>The same for every column and tile of some rows, the first of which begins a tile.</summary>
    /// <param name="table">The trellis.</param>
    /// <param name="rows">The weights, all finite.</param>
    /// <param name="gains">[rows, groups per row] gains, 0 or more.</param>
    /// <param name="codes">Receives [rows, columns] codes.</param>
    public abstract void EncodeTrellis(TrellisTable table, GroupRows rows, ReadOnlySpan<float> gains, Span<byte> codes);

    /// <summary>
    /// Turns a row of trellis codes into table values plus 128, which <see cref="DecodeAffine"/> decodes with the gain for a scale and zero
    /// point 128.
    /// </summary>
    /// <param name="table">The trellis.</param>
    /// <param name="states">States of the row before, zeros before the first of a tile; receives those of this row.</param>
    /// <param name="codes">Codes in, values out.</param>
    public abstract void StepTrellis(TrellisTable table, Span<byte> states, Span<byte> codes);

    /// <summary>
    /// The orthonormal Walsh-Hadamard transform of <paramref name="values"/> times <paramref name="signs"/>, in place. The values are
    /// multiplied by <c>1 / sqrt(length)</c> in single precision first.
    /// </summary>
    /// <param name="values">A power of two of finite values.</param>
    /// <param name="signs">As many values of 1 or -1.</param>
    /// <exception cref="ArgumentException">The lengths differ, or are no power of two.</exception>
    public abstract void Rotate(Span<float> values, ReadOnlySpan<float> signs);

    /// <summary>The inverse of <see cref="Rotate"/>: the transform, times the signs.</summary>
    public abstract void RotateBack(Span<float> values, ReadOnlySpan<float> signs);

    private static string Widest() =>
        Vector512.IsHardwareAccelerated
            ? "v512"
            : Vector256.IsHardwareAccelerated ? "v256" : Vector128.IsHardwareAccelerated ? "v128" : "scalar";
}
