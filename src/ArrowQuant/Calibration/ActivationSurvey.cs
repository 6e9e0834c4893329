using System.Globalization;
using ArrowQuant.Kernels;

namespace ArrowQuant.Calibration;

/// <summary>One pass over all rows of a layer: are they finite, and what do they look like at each timestep.</summary>
internal sealed class ActivationSurvey
{
    private ActivationSurvey()
    {
    }

    /// <summary>The distinct timesteps, ascending; one timestep 0 when the data has none.</summary>
    public required TimestepStatistics[] Steps { get; init; }

    /// <summary>Every row, by timestep and within one by its place in the data.</summary>
    public required int[] Order { get; init; }

    /// <summary>Where each timestep begins in <see cref="Order"/>; one more entry than timesteps.</summary>
    public required int[] StepStarts { get; init; }

    /// <summary>The first place with a value that is not finite, as messages name it, or null.</summary>
    public string? NonFinite { get; private set; }

    /// <summary>True when every row has a timestep.</summary>
    public bool HasTimesteps { get; private init; }

    /// <summary>The first row without a timestep where others have one, or null.</summary>
    public int? RowWithoutTimestep { get; private init; }

    /// <summary>Reads the rows.</summary>
    /// <param name="rows">Rows with as many timesteps, or with none.</param>
    /// <exception cref="Errors.CalibrationException">The file changed or cannot be read.</exception>
    public static ActivationSurvey Of(ActivationRows rows)
    {
        int missing = rows.Timesteps is null ? 0 : Array.FindIndex(rows.Timesteps, value => !double.IsFinite(value));
        bool hasTimesteps = rows.Timesteps is not null && missing < 0;
        int[] timesteps = hasTimesteps ? Timesteps.Whole(rows.Timesteps!) : new int[rows.Count];
        int[] order = [.. Enumerable.Range(0, rows.Count).OrderBy(row => timesteps[row])]; // a stable sort
        List<TimestepStatistics> steps = [];
        List<int> starts = [];
        int[] stepOfRow = new int[rows.Count];
        for (int i = 0; i < order.Length; i++)
        {
            if (i == 0 || timesteps[order[i]] != timesteps[order[i - 1]])
            {
                steps.Add(TimestepStatistics.Nothing(timesteps[order[i]]));
                starts.Add(i);
            }

            stepOfRow[order[i]] = steps.Count - 1;
        }

        ActivationSurvey survey = new()
        {
            Steps = [.. steps],
            Order = order,
            StepStarts = [.. starts, order.Length],
            HasTimesteps = hasTimesteps,
            RowWithoutTimestep = rows.Timesteps is null || missing < 0 ? null : missing,
        };
        survey.Read(rows, stepOfRow);
        return survey;
    }

    private void Read(ActivationRows rows, int[] stepOfRow)
    {
        int[] all = [.. Enumerable.Range(0, rows.Count)];
        rows.Visit(all, (row, values) =>
        {
            if (NonFinite is not null) return;
            int place = FiniteCheck.FirstNonFinite(values);
            if (place >= 0) NonFinite = string.Create(CultureInfo.InvariantCulture, $"row {row}, channel {place}");
            else Steps[stepOfRow[row]] = Steps[stepOfRow[row]].With(values);
        });
    }
}
