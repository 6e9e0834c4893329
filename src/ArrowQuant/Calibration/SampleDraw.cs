namespace ArrowQuant.Calibration;

/// <summary>
/// Which rows of a layer are used, which of them are held out, and which time group each is in. It depends on the timesteps, the groups
/// and the cap alone.
/// </summary>
internal sealed record SampleDraw
{
    /// <summary>One row of so many is held out.</summary>
    public const int HeldOutPeriod = 4;

    // 2^32 over the golden ratio: its multiples spread evenly.
    private const uint GoldenRatio = 2654435769;

    private SampleDraw()
    {
    }

    /// <summary>The rows that are used, by timestep and within one by their place in the data.</summary>
    public required int[] Rows { get; init; }

    /// <summary>The time group of each of them.</summary>
    public required int[] Groups { get; init; }

    /// <summary>Whether each of them is held out of every fit.</summary>
    public required bool[] HeldOut { get; init; }

    /// <summary>
    /// The first timestep of each group, as an index into the distinct timesteps. Every group has a row that is not held out.
    /// </summary>
    public required int[] GroupStarts { get; init; }

    /// <summary>Draws rows.</summary>
    /// <param name="survey">The rows by timestep.</param>
    /// <param name="groupStarts">The first timestep of each group, as an index.</param>
    /// <param name="rowsPerGroup">The most rows that one group gives.</param>
    public static SampleDraw Of(ActivationSurvey survey, int[] groupStarts, int rowsPerGroup) =>
        Of(survey.Order, survey.StepStarts, groupStarts, rowsPerGroup);

    /// <summary>Draws rows.</summary>
    /// <param name="order">Every row, by timestep.</param>
    /// <param name="stepStarts">Where each timestep begins in <paramref name="order"/>; one more entry than timesteps.</param>
    /// <param name="groupStarts">The first timestep of each group, as an index.</param>
    /// <param name="rowsPerGroup">The most rows that one group gives.</param>
    public static SampleDraw Of(ReadOnlySpan<int> order, ReadOnlySpan<int> stepStarts, ReadOnlySpan<int> groupStarts, int rowsPerGroup)
    {
        int steps = stepStarts.Length - 1;
        List<int> rows = [];
        List<int> stepOf = [];
        for (int g = 0; g < groupStarts.Length; g++)
        {
            int first = groupStarts[g];
            int end = g + 1 < groupStarts.Length ? groupStarts[g + 1] : steps;
            int[] counts = new int[end - first];
            for (int s = 0; s < counts.Length; s++) counts[s] = stepStarts[first + s + 1] - stepStarts[first + s];
            int[] shares = SharesOf(counts, rowsPerGroup);
            for (int s = 0; s < counts.Length; s++)
            {
                for (int i = 0; i < shares[s]; i++)
                {
                    rows.Add(order[stepStarts[first + s] + Place(i, shares[s], counts[s])]);
                    stepOf.Add(first + s);
                }
            }
        }

        bool[] heldOut = HeldOutOf(rows.Count);
        int[] merged = Merge(groupStarts, stepOf, heldOut);
        return new SampleDraw
        {
            Rows = [.. rows],
            Groups = [.. stepOf.Select(step => GroupOf(merged, step))],
            HeldOut = heldOut,
            GroupStarts = merged,
        };
    }

    /// <summary>One of every four rows in a row, at a place that moves so that no position within a timestep is preferred.</summary>
    public static bool[] HeldOutOf(int count)
    {
        bool[] heldOut = new bool[count];
        for (int block = 0; block < count / HeldOutPeriod; block++)
        {
            // The upper bits of multiples of the golden ratio spread evenly.
            uint place = unchecked((uint)block * GoldenRatio) >> 30;
            heldOut[(block * HeldOutPeriod) + (int)place] = true;
        }

        return heldOut;
    }

    // How many rows each timestep gives: all, or as equal numbers as there are, what is left over going to timesteps evenly spaced.
    private static int[] SharesOf(int[] counts, int limit)
    {
        if (counts.Sum(count => (long)count) <= limit) return counts;
        int low = 0;
        int high = limit;
        while (low < high)
        {
            int level = low + ((high - low + 1) / 2);
            if (counts.Sum(count => (long)Math.Min(count, level)) <= limit) low = level;
            else high = level - 1;
        }

        int[] shares = [.. counts.Select(count => Math.Min(count, low))];
        int rest = limit - shares.Sum();
        int[] larger = [.. Enumerable.Range(0, counts.Length).Where(step => counts[step] > low)];
        for (int i = 0; i < rest; i++) shares[larger[Middle(i, rest, larger.Length)]]++;
        return shares;
    }

    // A place in part i when count items are cut into parts. It moves from part to part: rows come in the order of positions of samples,
    // and evenly spaced ones would meet the same few positions of every sample.
    private static int Place(int i, int parts, int count)
    {
        long begin = (long)i * count / parts, end = (i + 1L) * count / parts;
        return (int)(begin + ((end - begin) * unchecked((uint)i * GoldenRatio) >> 32));
    }

    // The middle of part i when count items are cut into parts.
    private static int Middle(int i, int parts, int count) => (int)(((2L * i) + 1) * count / (2L * parts));

    private static int[] Merge(ReadOnlySpan<int> groupStarts, List<int> stepOf, bool[] heldOut)
    {
        bool[] hasFit = new bool[groupStarts.Length];
        int[] starts = groupStarts.ToArray();
        for (int i = 0; i < heldOut.Length; i++)
        {
            if (!heldOut[i]) hasFit[GroupOf(starts, stepOf[i])] = true;
        }

        List<int> merged = [starts[0]];
        bool lastHasFit = hasFit[0];
        for (int g = 1; g < starts.Length; g++)
        {
            // A group without a row to fit joins the one before it; the first one waits for the one after it.
            if (hasFit[g] && lastHasFit) merged.Add(starts[g]);
            lastHasFit |= hasFit[g];
        }

        return [.. merged];
    }

    private static int GroupOf(int[] starts, int step)
    {
        int found = Array.BinarySearch(starts, step);
        return found >= 0 ? found : ~found - 1;
    }
}
