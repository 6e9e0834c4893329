using System.Collections.Concurrent;
using System.IO.Hashing;
using ArrowQuant.Configuration;
using ArrowQuant.Errors;
using ArrowQuant.Kernels;
using ArrowQuant.Sources;
using ArrowQuant.Tensors;

namespace ArrowQuant.Calibration;

/// <summary>
/// The calibration data of a run: which layers have it, whether it fits, and the rows or moments of one layer at a time. What a layer
/// gets depends on the files and the configuration alone. Thread-safe.
/// </summary>
internal sealed class CalibrationData
{
    private const string Unnamed = "";

    private readonly Dictionary<string, ActivationRows> _rows = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ChannelMoments> _moments = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<ActivationRows, Lazy<ActivationSurvey>> _surveys = new();
    private readonly List<string> _notes = [];
    private readonly LayerLoader _loader;
    private readonly Lazy<UInt128> _filesHash;

    private CalibrationData(LayerLoader loader, IReadOnlyList<string> files)
    {
        _loader = loader;
        _filesHash = new Lazy<UInt128>(() => HashOf(files));
    }

    /// <summary>
    /// XXH128 of the files, one after the other in the order in which they serve layers; they are read when it is first asked for.
    /// </summary>
    /// <exception cref="CalibrationException">A file cannot be read.</exception>
    public UInt128 FilesHash => _filesHash.Value;

    /// <summary>What a user should know of how the data is taken; one line each.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Opens calibration files; null for none. A layer that is in several files is taken from the first.</summary>
    /// <param name="files">Paths of files; a folder stands for its <c>calibration*</c> files when <paramref name="named"/>.</param>
    /// <param name="named">
    /// Whether the user named them: then a form that cannot be read is an error, otherwise the file is left alone.
    /// </param>
    /// <param name="config">Time groups, partition and cap.</param>
    /// <param name="budget">Pays for loaded rows, or null.</param>
    /// <exception cref="CalibrationException">A file is missing, broken, or holds no samples.</exception>
    public static CalibrationData? Open(IReadOnlyList<string> files, bool named, DiffusionQuantConfig config, MemoryBudget? budget)
    {
        IReadOnlyList<string> readable = CalibrationFiles.Resolve(files, named);
        if (readable.Count == 0) return null;
        CalibrationData data = new(new LayerLoader(config, budget), readable);
        foreach (string file in readable) data.Add(file);
        if (data._rows.TryGetValue(Unnamed, out ActivationRows? rows))
            data._notes.Add($"{rows.FilePath}: {rows.Count} rows name no layer; they calibrate every layer that has no data of its own");
        return data;
    }

    /// <summary>Why the data cannot serve a layer, or null when it can.</summary>
    /// <param name="layer">The tensor's name, with or without <c>.weight</c>.</param>
    /// <param name="inputFeatures">Columns of the layer's matrix.</param>
    /// <exception cref="CalibrationException">The file changed or cannot be read.</exception>
    public CalibrationDefect? DefectOf(string layer, long inputFeatures)
    {
        string name = CalibrationLayers.NameOf(layer);
        if (RowsOf(name) is { } rows) return DefectOf(name, rows, inputFeatures);
        return _moments.TryGetValue(name, out ChannelMoments? moments) ? DefectOf(moments, inputFeatures) : CalibrationDefect.NoLayer(name);
    }

    /// <summary>Why methods that need timesteps cannot use data that is good otherwise, or null.</summary>
    public CalibrationDefect? TimeDefectOf(string layer)
    {
        string name = CalibrationLayers.NameOf(layer);
        if (RowsOf(name) is not { } rows) return null;
        ActivationSurvey survey = SurveyOf(rows);
        return survey.HasTimesteps ? null : CalibrationDefect.MissingTimesteps(name, survey.RowWithoutTimestep);
    }

    /// <summary>Loads the data of one layer; dispose it to return the memory.</summary>
    /// <param name="layer">The tensor's name, with or without <c>.weight</c>.</param>
    /// <param name="inputFeatures">Columns of the layer's matrix.</param>
    /// <param name="defect">Why there is none, or null.</param>
    /// <exception cref="CalibrationException">The file changed or cannot be read.</exception>
    /// <exception cref="ResourceException">The rows do not fit in the memory bound.</exception>
    public LayerCalibration? Load(string layer, long inputFeatures, out CalibrationDefect? defect)
    {
        defect = DefectOf(layer, inputFeatures);
        if (defect is not null) return null;
        string name = CalibrationLayers.NameOf(layer);
        return RowsOf(name) is { } rows ? _loader.Load(name, rows, SurveyOf(rows), TimeDefectOf(name)) : _loader.Load(name, _moments[name]);
    }

    /// <summary>Whether every one of these layers has rows that fit it, so that outputs can be judged.</summary>
    public bool HasSamplesFor(IEnumerable<(string Layer, long Features)> layers) =>
        layers.All(layer => RowsOf(CalibrationLayers.NameOf(layer.Layer)) is not null && DefectOf(layer.Layer, layer.Features) is null);

    /// <summary>The layers that have data but are not in the model, in ordinal order.</summary>
    /// <param name="modelLayers">Names of the model's tensors, with or without <c>.weight</c>.</param>
    public IReadOnlyList<string> UnknownLayers(IEnumerable<string> modelLayers)
    {
        HashSet<string> known = modelLayers.Select(CalibrationLayers.NameOf).Append(Unnamed).ToHashSet(StringComparer.Ordinal);
        IEnumerable<string> layers = _rows.Keys.Union(_moments.Keys, StringComparer.Ordinal);
        return [.. layers.Where(layer => !known.Contains(layer)).Order(StringComparer.Ordinal)];
    }

    private void Add(string file)
    {
        CalibrationLayers layers = CalibrationFiles.Read(file);
        int repeated = layers.Rows.Count(item => !_rows.TryAdd(item.Key, item.Value))
            + layers.Moments.Count(item => !_moments.TryAdd(item.Key, item.Value));
        if (repeated > 0) _notes.Add($"{file}: {repeated} layers have calibration data in a file before this one, which is used");
    }

    // Rows win over moments, and a layer's own data over rows without a name.
    private ActivationRows? RowsOf(string name)
    {
        if (_rows.TryGetValue(name, out ActivationRows? rows)) return rows;
        return _moments.ContainsKey(name) ? null : _rows.GetValueOrDefault(Unnamed);
    }

    private ActivationSurvey SurveyOf(ActivationRows rows) =>
        _surveys.GetOrAdd(rows, key => new Lazy<ActivationSurvey>(() => ActivationSurvey.Of(key))).Value;

    private static UInt128 HashOf(IReadOnlyList<string> files)
    {
        XxHash128 hash = new();
        foreach (string path in files)
        {
            CalibrationFailure.Map(path, () =>
            {
                using FileStream file = new(ModelFile.OpenHandle(path), FileAccess.Read, 0);
                hash.Append(file);
                return true;
            });
        }

        return hash.GetCurrentHashAsUInt128();
    }

    private CalibrationDefect? DefectOf(string name, ActivationRows rows, long inputFeatures)
    {
        if (rows.Features != inputFeatures) return CalibrationDefect.WrongChannels(name, rows.Features, inputFeatures);
        if (rows.Timesteps is { } timesteps && timesteps.Length != rows.Count)
            return CalibrationDefect.TimestepCount(name, timesteps.Length, rows.Count);
        if (rows.Count < LayerLoader.FewestRows) return CalibrationDefect.TooFewRows(name, rows.Count, LayerLoader.FewestRows);
        ActivationSurvey survey = SurveyOf(rows);
        if (survey.NonFinite is { } place) return CalibrationDefect.NonFinite(name, place);
        int drawn = _loader.Draw(survey).Rows.Length;
        return drawn < LayerLoader.FewestRows ? CalibrationDefect.TooFewRows(name, drawn, LayerLoader.FewestRows) : null;
    }

    private static CalibrationDefect? DefectOf(ChannelMoments moments, long inputFeatures)
    {
        int features = moments.Features;
        if (features != inputFeatures) return CalibrationDefect.WrongChannels(moments.Layer, features, inputFeatures);
        int? empty = null;
        bool isAnythingThere = false;
        for (int bucket = 0; bucket < moments.Starts.Length; bucket++)
        {
            ReadOnlySpan<float> squares = moments.SquareMeans.AsSpan(bucket * features, features);
            ReadOnlySpan<float> maxima = moments.AbsoluteMaxima.AsSpan(bucket * features, features);
            int place = Math.Max(FiniteCheck.FirstNonFinite(squares), FiniteCheck.FirstNonFinite(maxima));
            if (place >= 0) return CalibrationDefect.NonFinite(moments.Layer, $"bucket {bucket}, channel {place}");
            place = Math.Max(FirstNegative(squares), FirstNegative(maxima));
            if (place >= 0) return CalibrationDefect.Impossible(moments.Layer, $"bucket {bucket}, channel {place}");
            bool isEmpty = !squares.ContainsAnyExcept(0f) && !maxima.ContainsAnyExcept(0f);
            if (isEmpty) empty ??= bucket;
            isAnythingThere |= !isEmpty;
        }

        return isAnythingThere && empty is { } found ? CalibrationDefect.EmptyTimeGroup(moments.Layer, found) : null;
    }

    private static int FirstNegative(ReadOnlySpan<float> values) => values.IndexOfAnyInRange(float.MinValue, -float.Epsilon);
}
