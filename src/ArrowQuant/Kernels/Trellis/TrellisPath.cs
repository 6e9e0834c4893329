using System.Runtime.CompilerServices;
using ArrowQuant.Kernels.Lanes;

namespace ArrowQuant.Kernels.Trellis;

/// <summary>
/// The Viterbi algorithm over a bitshift trellis: the codes of the path with the least sum of
/// <c>(x - gain * table[state])^2</c>. States lie across the lanes. Costs are single-precision sums from the first to the last step, each step one fused multiply-add, and rounding is
/// monotone, so the path is the exact optimum of that sum. Of equal predecessors the lowest state wins, of equal ends as well.
/// </summary>
internal static unsafe class TrellisPath<T>
    where T : unmanaged, ILanes<T>
{
    /// <summary>Bytes of scratch for a path.</summary>
    public static int ScratchLength(TrellisTable table, int steps) => steps * (table.States / 4);

    /// <summary>Finds the codes of one path that begins in state 0.</summary>
    /// <param name="table">The trellis.</param>
    /// <param name="x">[steps] values.</param>
    /// <param name="gains">[steps] gains, 0 or more.</param>
    /// <param name="steps">How many, 1 or more.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> bytes.</param>
    /// <param name="codes">Receives [steps] codes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Find(TrellisTable table, float* x, float* gains, int steps, byte* scratch, byte* codes)
    {
        if (table.States < 4 * T.Count)
        {
            // Sixteen states fill four vectors of four lanes; wider ones would be empty in part.
            TrellisPath<Lanes4>.Find(table, x, gains, steps, scratch, codes);
            return;
        }

        float* costs = stackalloc float[64];
        float factor = NormalizingFactor(x, gains, steps);
        fixed (float* values = table.Values)
        {
            if (T.Count * 4 == table.States) RunInRegisters(values, x, gains, steps, factor, scratch, costs);
            else Run(table.States, values, x, gains, steps, factor, scratch, costs);
        }

        Trace(table, costs, steps, scratch, codes);
    }

    // The costs of all states fit in four vectors.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunInRegisters(float* table, float* x, float* gains, int steps, float factor, byte* scratch, float* costs)
    {
        T value0 = T.Load(table), value1 = T.Load(table + T.Count);
        T value2 = T.Load(table + 2 * T.Count), value3 = T.Load(table + 3 * T.Count);
        Start(costs, 4 * T.Count);
        T cost0 = T.Load(costs), cost1 = T.Load(costs + T.Count), cost2 = T.Load(costs + 2 * T.Count), cost3 = cost2;
        for (int i = 0; i < steps; i++)
        {
            T best = Merge(cost0, cost1, cost2, cost3, scratch + (nint)i * T.Count);
            T value = T.Of(x[i] * factor), gain = T.Of(-(gains[i] * factor));
            cost0 = Extend(T.Spread(best, 0), value, gain, value0);
            cost1 = Extend(T.Spread(best, 1), value, gain, value1);
            cost2 = Extend(T.Spread(best, 2), value, gain, value2);
            cost3 = Extend(T.Spread(best, 3), value, gain, value3);
        }

        T.Store(cost0, costs);
        T.Store(cost1, costs + T.Count);
        T.Store(cost2, costs + 2 * T.Count);
        T.Store(cost3, costs + 3 * T.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run(int states, float* table, float* x, float* gains, int steps, float factor, byte* scratch, float* costs)
    {
        float* best = stackalloc float[16];
        int classes = states / 4;
        Start(costs, states);
        for (int i = 0; i < steps; i++)
        {
            for (int p = 0; p < classes; p += T.Count)
            {
                float* cost = costs + p;
                T.Store(
                    Merge(
                        T.Load(cost), T.Load(cost + classes), T.Load(cost + 2 * classes), T.Load(cost + 3 * classes),
                        scratch + (nint)i * classes + p),
                    best + p);
            }

            T value = T.Of(x[i] * factor), gain = T.Of(-(gains[i] * factor));
            for (int p = 0; p < classes; p += T.Count)
            {
                T least = T.Load(best + p);
                float* cost = costs + 4 * p;
                float* values = table + 4 * p;
                T.Store(Extend(T.Spread(least, 0), value, gain, T.Load(values)), cost);
                T.Store(Extend(T.Spread(least, 1), value, gain, T.Load(values + T.Count)), cost + T.Count);
                T.Store(Extend(T.Spread(least, 2), value, gain, T.Load(values + 2 * T.Count)), cost + 2 * T.Count);
                T.Store(Extend(T.Spread(least, 3), value, gain, T.Load(values + 3 * T.Count)), cost + 3 * T.Count);
            }
        }
    }

    // The least of the four predecessors of each class, and which of them it is.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Merge(T a, T b, T c, T d, byte* chosen)
    {
        T low = T.Min(a, b), high = T.Min(c, d);
        T lowIndex = T.Select(T.GreaterThan(a, b), T.Of(1f), T.Of(0f));
        T highIndex = T.Select(T.GreaterThan(c, d), T.Of(3f), T.Of(2f));
        T.StoreBytes(T.Select(T.GreaterThan(low, high), highIndex, lowIndex), chosen);
        return T.Min(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Extend(T cost, T value, T negativeGain, T tableValue)
    {
        T difference = T.MultiplyAdd(negativeGain, tableValue, value);
        return T.MultiplyAdd(difference, difference, cost);
    }

    private static void Start(float* costs, int states)
    {
        costs[0] = 0f;
        for (int s = 1; s < states; s++) costs[s] = float.PositiveInfinity;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Trace(TrellisTable table, float* costs, int steps, byte* scratch, byte* codes)
    {
        int classes = table.States / 4;
        int shift = table.StateBits - 2;
        int state = 0;
        for (int s = 1; s < table.States; s++)
        {
            if (costs[s] < costs[state]) state = s;
        }

        for (int i = steps - 1; i >= 0; i--)
        {
            codes[i] = (byte)(state & 3);
            int p = state >> 2;
            state = p | scratch[(nint)i * classes + p] << shift;
        }
    }

    // In these units neither squares nor their sum overflow, and what vanishes does not count beside the largest value.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float NormalizingFactor(float* x, float* gains, int steps)
    {
        float largest = 0f;
        for (int i = 0; i < steps; i++) largest = MathF.Max(largest, MathF.Max(MathF.Abs(x[i]), gains[i]));
        return FloatStorage.NormalizingFactor(largest);
    }
}
