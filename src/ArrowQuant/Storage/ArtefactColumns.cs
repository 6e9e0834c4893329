namespace ArrowQuant.Storage;

/// <summary>The columns of the artefact in their order; writer, reader and both schemas follow from this one table.</summary>
internal static class ArtefactColumns
{
    public static DataColumn Data { get; } = new();

    public static ListColumn<float> Scales { get; } =
        new(ArtefactLayout.Scales, false, ValueColumnType.Single, row => row.Scales, (row, value) => row.Scales = value);

    public static ListColumn<float> ZeroPoints { get; } =
        new(ArtefactLayout.ZeroPoints, false, ValueColumnType.Single, row => row.ZeroPoints, (row, value) => row.ZeroPoints = value);

    public static ListColumn<float> Levels { get; } =
        new(ArtefactLayout.Levels, true, ValueColumnType.Single, row => row.Levels, (row, value) => row.Levels = value);

    /// <summary>Every column.</summary>
    public static IReadOnlyList<ArtefactColumn> All { get; } =
    [
        Text(ArtefactLayout.LayerName, row => row.LayerName, (row, value) => row.LayerName = value),
        new ListColumn<long>(ArtefactLayout.Shape, false, ValueColumnType.UInt64, row => row.Shape, (row, value) => row.Shape = value),
        Text(ArtefactLayout.Dtype, row => row.Dtype, (row, value) => row.Dtype = value),
        Data,
        Number(ArtefactLayout.NumParams, row => row.NumParams, (row, value) => row.NumParams = value),
        Text(ArtefactLayout.QuantType, row => row.QuantType, (row, value) => row.QuantType = value),
        Scales,
        ZeroPoints,
        Levels,
        Text(ArtefactLayout.Layout, row => row.Layout, (row, value) => row.Layout = value),
        OptionalNumber(ArtefactLayout.QuantAxis, row => row.QuantAxis, (row, value) => row.QuantAxis = value),
        OptionalNumber(ArtefactLayout.GroupSize, row => row.GroupSize, (row, value) => row.GroupSize = value),
        Number(ArtefactLayout.RowAxis, row => row.RowAxis, (row, value) => row.RowAxis = value),
        new ValueColumn<bool>(
            ArtefactLayout.IsDiffusionModel,
            false,
            ValueColumnType.Flag,
            row => row.IsDiffusionModel,
            (row, value) => row.IsDiffusionModel = value == true),
        OptionalText(ArtefactLayout.Modality, row => row.Modality, (row, value) => row.Modality = value),
        OptionalText(ArtefactLayout.TimeAwareJson, row => row.TimeAwareJson, (row, value) => row.TimeAwareJson = value),
        OptionalText(ArtefactLayout.SpatialJson, row => row.SpatialJson, (row, value) => row.SpatialJson = value),
        OptionalText(ArtefactLayout.ActivationStatsJson, row => row.ActivationStatsJson, (row, value) => row.ActivationStatsJson = value),
        new ValueColumn<int>(
            ArtefactLayout.BitWidth, false, ValueColumnType.UInt8, row => row.BitWidth, (row, value) => row.BitWidth = value ?? 0),
        Text(ArtefactLayout.Method, row => row.Method, (row, value) => row.Method = value),
        Text(ArtefactLayout.Enhancement, row => row.Enhancement, (row, value) => row.Enhancement = value),
        Text(ArtefactLayout.Transform, row => row.Transform, (row, value) => row.Transform = value),
        Text(ArtefactLayout.Correction, row => row.Correction, (row, value) => row.Correction = value),
        Number(ArtefactLayout.RowStart, row => row.RowStart, (row, value) => row.RowStart = value),
        Number(ArtefactLayout.RowCount, row => row.RowCount, (row, value) => row.RowCount = value),
        Real(ArtefactLayout.CosineSimilarity, row => row.CosineSimilarity, (row, value) => row.CosineSimilarity = value),
        Real(ArtefactLayout.Nmse, row => row.Nmse, (row, value) => row.Nmse = value),
        Text(ArtefactLayout.SourceXxh128, row => row.SourceXxh128, (row, value) => row.SourceXxh128 = value),
    ];

    /// <summary>The number of <see cref="Data"/> among the leaves of the schema.</summary>
    public static int DataIndex { get; } = All.TakeWhile(column => column != Data).Count();

    /// <summary>The columns whose size grows with the weights; a reader fetches them block by block.</summary>
    public static IReadOnlyList<ArtefactColumn> Bulk { get; } = [Data, Scales, ZeroPoints, Levels];

    /// <summary>The columns that describe the layers, without the bulk.</summary>
    public static IReadOnlyList<ArtefactColumn> Describing { get; } = [.. All.Except(Bulk)];

    private static TextColumn Text(string name, Func<StoredRow, string> get, Action<StoredRow, string> set) =>
        new(name, false, get, (row, value) => set(row, value ?? ""));

    private static TextColumn OptionalText(string name, Func<StoredRow, string?> get, Action<StoredRow, string?> set) =>
        new(name, true, get, set);

    private static ValueColumn<long> Number(string name, Func<StoredRow, long> get, Action<StoredRow, long> set) =>
        new(name, false, ValueColumnType.UInt64, row => get(row), (row, value) => set(row, value ?? 0));

    private static ValueColumn<long> OptionalNumber(string name, Func<StoredRow, long?> get, Action<StoredRow, long?> set) =>
        new(name, true, ValueColumnType.UInt64, get, set);

    private static ValueColumn<double> Real(string name, Func<StoredRow, double?> get, Action<StoredRow, double?> set) =>
        new(name, true, ValueColumnType.Real, get, set);
}
