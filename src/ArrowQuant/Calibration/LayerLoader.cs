using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Tensors;

namespace ArrowQuant.Calibration;

/// <summary>Turns what files hold of a layer into groups, drawn rows and moments, as a configuration asks.</summary>
/// <param name="config">Groups, partition and cap.</param>
/// <param name="budget">Pays for the rows, or null.</param>
internal sealed class LayerLoader(DiffusionQuantConfig config, MemoryBudget? budget)
{
    /// <summary>Fewer rows than this give no held-out part that measures anything.</summary>
    public const int FewestRows = 8;

    /// <summary>Chooses the rows that will be used; nothing is read.</summary>
    public SampleDraw Draw(ActivationSurvey survey)
    {
        int[] starts = TimePartitioner.Cut(config.TimePartition, TimePartitioner.LogRanges(survey.Steps), config.NumTimeGroups);
        return SampleDraw.Of(survey, starts, config.CalibrationSamples);
    }

    /// <summary>Reads the chosen rows, and where there are others as the original model makes them, the same ones of those.</summary>
    /// <exception cref="ResourceException">They do not fit in memory.</exception>
    /// <exception cref="CalibrationException">The file changed or cannot be read.</exception>
    public LayerCalibration Load(
        string layer, ActivationRows rows, ActivationSurvey survey, CalibrationDefect? timeDefect, ActivationRows? original = null)
    {
        SampleDraw draw = Draw(survey);
        int heldOutCount = draw.HeldOut.Count(held => held);
        int fitCount = draw.Rows.Length - heldOutCount;
        if ((long)fitCount * rows.Features > Array.MaxLength)
        {
            throw new ResourceException(
                $"{rows.FilePath}: layer {layer}: {fitCount} calibration rows of {rows.Features} values are more than one buffer holds; "
                + "lower --calibration-samples")
            {
                FilePath = rows.FilePath,
                TensorName = layer,
            };
        }

        int copies = original is null ? 1 : 2;
        long bytes = (long)draw.Rows.Length * ((copies * rows.Features * sizeof(float)) + sizeof(int));
        IDisposable? lease = budget?.Charge(bytes, $"calibration rows of {layer}");
        try
        {
            float[] fit = new float[fitCount * rows.Features];
            float[] heldOut = new float[heldOutCount * rows.Features];
            Read(rows, draw, fit, heldOut);
            float[]? fitOriginal = original is null ? null : new float[fit.Length];
            float[]? heldOutOriginal = original is null ? null : new float[heldOut.Length];
            if (original is not null) Read(original, draw, fitOriginal!, heldOutOriginal!);
            int[] fitGroup = GroupsOf(draw, held: false);
            return new LayerCalibration(lease)
            {
                Features = rows.Features,
                Fit = fit,
                FitGroup = fitGroup,
                HeldOut = heldOut,
                FitOriginal = fitOriginal,
                HeldOutOriginal = heldOutOriginal,
                HeldOutGroup = GroupsOf(draw, held: true),
                Groups = Describe(survey.Steps, draw.GroupStarts, survey.Steps[^1].Timestep + 1, g => fitGroup.Count(group => group == g)),
                TimeDefect = timeDefect,
            }.Hashed();
        }
        catch
        {
            lease?.Dispose();
            throw;
        }
    }

    /// <summary>Groups the buckets of moments.</summary>
    /// <exception cref="ResourceException">They do not fit in memory.</exception>
    public LayerCalibration Load(string layer, ChannelMoments moments)
    {
        TimestepStatistics[] steps = [.. Enumerable.Range(0, moments.Starts.Length).Select(bucket => StatisticsOf(moments, bucket))];
        int[] starts = TimePartitioner.Cut(config.TimePartition, TimePartitioner.LogRanges(steps), config.NumTimeGroups);
        int features = moments.Features;
        IDisposable? lease = budget?.Charge((long)starts.Length * features * sizeof(float), $"calibration moments of {layer}");
        float[] squareMeans = new float[starts.Length * features];
        for (int g = 0; g < starts.Length; g++)
        {
            int end = EndOf(starts, g, steps.Length);
            for (int channel = 0; channel < features; channel++)
            {
                double sum = 0;
                for (int bucket = starts[g]; bucket < end; bucket++) sum += moments.SquareMeans[(bucket * features) + channel];
                squareMeans[(g * features) + channel] = (float)(sum / (end - starts[g]));
            }
        }

        return new LayerCalibration(lease)
        {
            Features = features,
            Groups = Describe(steps, starts, moments.End, g => EndOf(starts, g, steps.Length) - starts[g]),
            SquareMeans = squareMeans,
        }.Hashed();
    }

    private static void Read(ActivationRows rows, SampleDraw draw, float[] fit, float[] heldOut)
    {
        int features = rows.Features;
        int[] chosen = (int[])draw.Rows.Clone();
        (float[] Buffer, int Offset)[] destinations = new (float[], int)[chosen.Length];
        int fitted = 0;
        int held = 0;
        for (int i = 0; i < chosen.Length; i++)
            destinations[i] = draw.HeldOut[i] ? (heldOut, features * held++) : (fit, features * fitted++);
        Array.Sort(chosen, destinations);
        int next = 0;
        rows.Visit(chosen, (_, values) =>
        {
            (float[] buffer, int offset) = destinations[next++];
            values.CopyTo(buffer.AsSpan(offset, features));
        });
    }

    private static int[] GroupsOf(SampleDraw draw, bool held) => [.. draw.Groups.Where((_, i) => draw.HeldOut[i] == held)];

    private static TimeGroup[] Describe(TimestepStatistics[] steps, int[] starts, int end, Func<int, long> fitCount)
    {
        TimeGroup[] groups = new TimeGroup[starts.Length];
        for (int g = 0; g < groups.Length; g++)
        {
            int first = g == 0 ? 0 : steps[starts[g]].Timestep;
            int last = g + 1 < groups.Length ? steps[starts[g + 1]].Timestep : end;
            groups[g] = TimeGroup.Of(first, last, fitCount(g), steps.AsSpan(starts[g]..EndOf(starts, g, steps.Length)));
        }

        return groups;
    }

    private static int EndOf(int[] starts, int group, int count) => group + 1 < starts.Length ? starts[group + 1] : count;

    private static TimestepStatistics StatisticsOf(ChannelMoments moments, int bucket)
    {
        Range channels = (bucket * moments.Features)..((bucket + 1) * moments.Features);
        float largest = 0;
        double sum = 0;
        foreach (float value in moments.AbsoluteMaxima.AsSpan(channels)) largest = Math.Max(largest, value);
        foreach (float value in moments.SquareMeans.AsSpan(channels)) sum += value;
        return new TimestepStatistics(moments.Starts[bucket], moments.Features, -largest, largest, 0, sum);
    }
}
