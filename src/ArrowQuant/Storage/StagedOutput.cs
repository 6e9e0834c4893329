namespace ArrowQuant.Storage;

/// <summary>What a staged folder becomes, and how one of its kind is known when it is to be replaced.</summary>
/// <param name="Name">With its article: <c>an ArrowQuant artefact</c>.</param>
/// <param name="IsOwn">True for a folder of this kind that this program wrote.</param>
internal sealed record StagedOutput(string Name, Func<string, bool> IsOwn)
{
    /// <summary>A quantized model.</summary>
    public static StagedOutput Artefact { get; } = new("an ArrowQuant artefact", ArtefactLayout.HasOwnMetadata);

    /// <summary>A quantized model in the format of another program.</summary>
    public static StagedOutput Export { get; } = new("an ArrowQuant export", ExportLayout.IsExport);
}
