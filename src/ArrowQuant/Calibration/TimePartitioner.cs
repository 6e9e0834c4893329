using ArrowQuant.Configuration;

namespace ArrowQuant.Calibration;

/// <summary>
/// Cuts the distinct timesteps of a layer, in ascending order, into contiguous groups that are never empty. A cut is given as the index
/// of each group's first timestep; the first is 0. What is balanced is r, the logarithm of the input's range at each timestep.
/// </summary>
internal static class TimePartitioner
{
    // Quantile: what a step costs where the range stands still, against a step that changes it by a factor e.
    private const double StandingStep = 1e-3;

    // Sums that should meet a quantile exactly may miss it by this part.
    private const double Rounding = 1e-9;

    // Ranges below this part of the largest count as this part: a layer that is constant at one timestep has no logarithm.
    private const double SmallestRange = 1e-6;

    // Optimal takes time by the square of this; more timesteps than that are taken several at a time.
    private const int UnitLimit = 2048;

    /// <summary>Cuts by the rule that is asked for.</summary>
    /// <param name="partition">The rule.</param>
    /// <param name="logRanges">One value for each distinct timestep, at least one.</param>
    /// <param name="groups">Groups wanted, 1 or more; fewer timesteps give fewer groups.</param>
    public static int[] Cut(TimePartition partition, ReadOnlySpan<double> logRanges, int groups) => partition switch
    {
        TimePartition.Uniform => Uniform(logRanges.Length, groups),
        TimePartition.Quantile => Quantile(logRanges, groups),
        TimePartition.Optimal => Optimal(logRanges, groups),
        _ => throw new ArgumentOutOfRangeException(nameof(partition), partition, "not a partition"),
    };

    /// <summary>Equal numbers of timesteps: group k begins at <c>floor(k T / G)</c>.</summary>
    public static int[] Uniform(int count, int groups)
    {
        groups = Math.Min(groups, count);
        int[] starts = new int[groups];
        for (int k = 0; k < groups; k++) starts[k] = (int)((long)k * count / groups);
        return starts;
    }

    /// <summary>Equal mass of <c>|r[t+1] - r[t]| + eps</c>.</summary>
    public static int[] Quantile(ReadOnlySpan<double> logRanges, int groups)
    {
        int count = logRanges.Length;
        groups = Math.Min(groups, count);
        double[] mass = new double[count]; // before each timestep
        for (int t = 1; t < count; t++) mass[t] = mass[t - 1] + Math.Abs(logRanges[t] - logRanges[t - 1]) + StandingStep;
        double total = mass[^1] + StandingStep;
        int[] starts = new int[groups];
        for (int k = 1; k < groups; k++)
        {
            // As near to its quantile as leaves a timestep for every group on either side.
            int start = starts[k - 1] + 1;
            while (start < count - (groups - k) && mass[start] < total * (((double)k / groups) - Rounding)) start++;
            starts[k] = start;
        }

        return starts;
    }

    /// <summary>Least sum over groups of the squared deviations of r from the group's mean, by dynamic programming.</summary>
    public static int[] Optimal(ReadOnlySpan<double> logRanges, int groups)
    {
        int[] units = Uniform(logRanges.Length, UnitLimit);
        groups = Math.Min(groups, units.Length);
        int count = units.Length;
        (double[] sums, double[] squares) = Prefixes(logRanges);
        int UnitEnd(int unit) => unit < count ? units[unit] : sums.Length - 1;
        double[] best = new double[count + 1]; // of the first j units in k groups
        double[] next = new double[count + 1];
        int[,] lastStart = new int[groups + 1, count + 1];
        for (int j = 1; j <= count; j++) best[j] = Deviation(sums, squares, 0, UnitEnd(j));
        for (int k = 2; k <= groups; k++)
        {
            for (int j = k; j <= count; j++)
            {
                double least = double.PositiveInfinity;
                for (int i = k - 1; i < j; i++)
                {
                    double cost = best[i] + Deviation(sums, squares, units[i], UnitEnd(j));
                    if (!(cost < least)) continue;
                    least = cost;
                    lastStart[k, j] = i;
                }

                next[j] = least;
            }

            (best, next) = (next, best);
        }

        int[] starts = new int[groups];
        for (int k = groups, end = count; k > 1; k--)
        {
            end = lastStart[k, end];
            starts[k - 1] = units[end];
        }

        return starts;
    }

    /// <summary>What <see cref="Optimal"/> makes least.</summary>
    public static double Cost(ReadOnlySpan<double> logRanges, ReadOnlySpan<int> starts)
    {
        (double[] sums, double[] squares) = Prefixes(logRanges);
        double cost = 0;
        for (int k = 0; k < starts.Length; k++)
            cost += Deviation(sums, squares, starts[k], k + 1 < starts.Length ? starts[k + 1] : logRanges.Length);
        return cost;
    }

    /// <summary>The logarithm of max - min at each timestep.</summary>
    public static double[] LogRanges(ReadOnlySpan<TimestepStatistics> steps)
    {
        double[] ranges = new double[steps.Length];
        double largest = 0;
        for (int t = 0; t < steps.Length; t++)
        {
            ranges[t] = (double)steps[t].Max - steps[t].Min;
            largest = Math.Max(largest, ranges[t]);
        }

        for (int t = 0; t < steps.Length; t++) ranges[t] = largest == 0 ? 0 : Math.Log(Math.Max(ranges[t] / largest, SmallestRange));
        return ranges;
    }

    private static (double[] Sums, double[] Squares) Prefixes(ReadOnlySpan<double> values)
    {
        double[] sums = new double[values.Length + 1];
        double[] squares = new double[values.Length + 1];
        for (int t = 0; t < values.Length; t++)
        {
            sums[t + 1] = sums[t] + values[t];
            squares[t + 1] = squares[t] + (values[t] * values[t]);
        }

        return (sums, squares);
    }

    private static double Deviation(double[] sums, double[] squares, int start, int end)
    {
        double sum = sums[end] - sums[start];
        return Math.Max(0, squares[end] - squares[start] - (sum * sum / (end - start)));
    }
}
