using System.Text;
using ArrowQuant.Errors;
using ArrowQuant.Exports.Gguf;
using ArrowQuant.Exports.Onnx;
using ArrowQuant.Exports.SafeTensors;
using ArrowQuant.Pipeline;
using ArrowQuant.Reporting;
using ArrowQuant.Storage;

namespace ArrowQuant.Exports;

/// <summary>
/// Hands a quantized model to other runtimes: writes it in their format, decodes what was written and reports the difference.
/// </summary>
public static class ArtefactExporter
{
    private static readonly IExporter[] Exporters = [new GgufExporter(), new OnnxExporter(), new SafeTensorsExporter()];

    /// <summary>
    /// Exports an artefact into a new folder. The folder holds the files of the format and <c>export.json</c>, or what was there before:
    /// never a part of an export.
    /// </summary>
    /// <param name="artefactPath">The artefact's folder.</param>
    /// <param name="outputPath">The folder to write; it must not exist unless <see cref="ExportOptions.Force"/> is set.</param>
    /// <param name="options">What to export to, and how.</param>
    /// <param name="cancellationToken">Stops the work; nothing is published then.</param>
    /// <returns>The document that is in <c>export.json</c>.</returns>
    /// <exception cref="ConfigurationException">An option is not valid, or the output lies in the artefact.</exception>
    /// <exception cref="ModelNotFoundException">There is no such artefact.</exception>
    /// <exception cref="ModelFormatException">The artefact is damaged, or has a tensor that the format cannot hold.</exception>
    /// <exception cref="ResourceException">The output exists, is locked, or cannot be written.</exception>
    public static ExportReport Export(
        string artefactPath, string outputPath, ExportOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(artefactPath);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        ArgumentNullException.ThrowIfNull(options);
        IExporter exporter = Exporters.FirstOrDefault(candidate => candidate.Format == options.Format)
            ?? throw new ArgumentOutOfRangeException(nameof(options), options.Format, "not an export format");
        string[] problems = [.. exporter.Problems(options)];
        if (problems.Length > 0) throw new ConfigurationException(problems);
        using ArtefactReader artefact = ArtefactReader.Open(artefactPath);
        OutputPath.Check(artefactPath, outputPath);
        using ArtefactStaging staging = ArtefactStaging.Begin(outputPath, options.Force, StagedOutput.Export);
        try
        {
            IReadOnlyList<ExportedTensor> tensors = exporter.Write(new(artefact, options, staging.Path, cancellationToken));
            ExportReport report = Describe(artefact, options, tensors, staging.Path);
            File.WriteAllText(Path.Combine(staging.Path, ExportLayout.ReportFile), report.ToJson(), new UTF8Encoding(false));
            cancellationToken.ThrowIfCancellationRequested();
            staging.Publish();
            return report;
        }
        catch (Exception e) when (Failures.IsFileSystem(e))
        {
            throw Failures.CannotWrite(outputPath, e);
        }
    }

    private static ExportReport Describe(
        ArtefactReader artefact, ExportOptions options, IReadOnlyList<ExportedTensor> tensors, string folder) =>
        new()
        {
            ToolVersion = LibraryVersion.Current,
            Format = options.Format.ToString().ToLowerInvariant(),
            Files = [.. FilesOf(folder)],
            TensorBytes = tensors.Sum(tensor => tensor.Bytes),
            ArtefactTensorBytes = artefact.Layers.Sum(ExportedTensor.StoredBytes),
            ExactTensors = tensors.Count(tensor => tensor.Exact),
            LargestRelativeError = tensors.Select(tensor => tensor.RelativeError).DefaultIfEmpty(0).Max(),
            Tensors = tensors,
        };

    private static IEnumerable<ExportedFile> FilesOf(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(path => new ExportedFile(
            Path.GetRelativePath(folder, path).Replace('\\', '/'),
            new FileInfo(path).Length,
            StoredRowCodec.HashText(ContentHash.OfFile(path))))
        .OrderBy(file => file.Path, StringComparer.Ordinal);
}
