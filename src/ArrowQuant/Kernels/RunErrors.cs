using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels;

/// <summary>
/// The error figures of an affine row for any scales s from its <see cref="CodedSums"/>: with d = r - s,
/// <c>sum (w - s l)^2 = sum e^2 + 2 d sum e l + d^2 sum l^2</c>, and so on. Every partial sum stays by itself in single precision for
/// <see cref="RunsTogether"/> runs, then joins its total in double precision; the totals are added in order. That is the definition,
/// whatever the vector width.
/// </summary>
internal static unsafe class RunErrors<T>
    where T : unmanaged, ILanes<T>
{
    private const int Partials = CodedSums.Partials;
    private const int RunsTogether = 16;

    /// <summary>The sums over a row but for the largest error; those that are not asked for are 0.</summary>
    /// <param name="sums">[runs, kinds, partials] of the row.</param>
    /// <param name="runs">Runs of the row; its last group may have fewer than others.</param>
    /// <param name="runsPerGroup">Runs of a group.</param>
    /// <param name="references">The reference scale of every group.</param>
    /// <param name="scales">The scale of every group.</param>
    /// <param name="groups">Groups of the row.</param>
    /// <param name="errors">The sums.</param>
    /// <typeparam name="TKinds">The sums that are asked for.</typeparam>
    /// <returns>
    /// False where a scale is so small or large that single precision does not hold them, or where they tell nothing: of a row of zeros, or
    /// of what is as good as that beside single precision.
    /// </returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool TryFind<TKinds>(
        float* sums, int runs, int runsPerGroup, float* references, float* scales, int groups, out ErrorSums errors)
        where TKinds : struct, ISumKinds
    {
        errors = default;
        if (!AffineRuns<T>.CanTake(scales, groups)) return false;
        double* totals = stackalloc double[4 * Partials];
        new Span<double>(totals, 4 * Partials).Clear();
        for (int lane = 0; lane < Partials; lane += T.Count)
            AddLanes<TKinds>(sums + lane, runs, runsPerGroup, references, scales, totals + lane);
        double product = 0, original = 0, decoded = 0, error = 0;
        for (int lane = 0; lane < Partials; lane++)
        {
            product += totals[lane];
            original += totals[Partials + lane];
            decoded += totals[2 * Partials + lane];
            error += totals[3 * Partials + lane];
        }

        errors = new ErrorSums { Product = product, Original = original, Decoded = decoded, Error = error };
        return original > 0 && double.IsFinite(original + decoded + error + Math.Abs(product));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddLanes<TKinds>(float* sums, int runs, int runsPerGroup, float* references, float* scales, double* totals)
        where TKinds : struct, ISumKinds
    {
        int group = 0, left = runsPerGroup;
        for (int run = 0; run < runs;)
        {
            int end = Math.Min(runs, run + RunsTogether);
            T product = T.Of(0f), original = product, decoded = product, error = product;
            for (; run < end; run++)
            {
                T reference = T.Of(references[group]), scale = T.Of(scales[group]);
                T ee = T.Load(sums), el = T.Load(sums + Partials), ll = T.Load(sums + 2 * Partials);
                T wl = T.MultiplyAdd(reference, ll, el);
                product = T.MultiplyAdd(scale, wl, product);
                original += T.MultiplyAdd(reference, el + wl, ee);
                if (TKinds.All)
                {
                    T difference = reference - scale;
                    decoded = T.MultiplyAdd(scale * scale, ll, decoded);
                    error += T.MultiplyAdd(difference, T.MultiplyAdd(difference, ll, el + el), ee);
                }

                sums += CodedSums.Kinds * Partials;
                if (--left > 0) continue;
                left = runsPerGroup;
                group++;
            }

            T.AddTo(product, totals);
            T.AddTo(original, totals + Partials);
            if (!TKinds.All) continue;
            T.AddTo(decoded, totals + 2 * Partials);
            T.AddTo(T.Max(error, T.Of(0f)), totals + 3 * Partials);
        }
    }
}
