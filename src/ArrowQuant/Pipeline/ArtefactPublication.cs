using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Pipeline.Running;
using ArrowQuant.Reporting;
using ArrowQuant.Sources;
using ArrowQuant.Storage;

namespace ArrowQuant.Pipeline;

/// <summary>Adds to the finished shards what makes an artefact of them, opens it as a reader would, and publishes it.</summary>
internal static class ArtefactPublication
{
    /// <summary>Publishes the artefact.</summary>
    public static void Publish(
        ArtefactStaging staging, ModelPlan plan, LadderResult ladder, QuantizationResult result, CancellationToken cancellationToken)
    {
        foreach (SidecarFile file in plan.Source.Description.Sidecars) Copy(file, staging.Path);
        byte[] report = Encoding.UTF8.GetBytes(ReportJson.Serialize(result));
        File.WriteAllBytes(Path.Combine(staging.Path, ArtefactLayout.ReportFile), report);
        var metadata = new ArtefactMetadata
        {
            FormatVersion = ArtefactLayout.FormatVersion,
            ToolVersion = LibraryVersion.Current,
            Modality = TextForms.Of(plan.Modality),
            ModelType = plan.Source.Description.ModelType,
            IsDiffusionModel = plan.Source.Description.IsDiffusionModel,
            QuantizationConfig = JsonSerializer.SerializeToElement(plan.Config, ConfigurationJsonContext.Default.DiffusionQuantConfig),
            CalibrationXxh128 = plan.Calibration is { } calibration ? StoredRowCodec.HashText(calibration.FilesHash) : null,
            Shards = [.. ladder.Final.Shards.Select(ArtefactShard.Of)],
            ReportXxh128 = XxHash128.HashToUInt128(report).ToString("x32"),
        };
        File.WriteAllBytes(Path.Combine(staging.Path, ArtefactLayout.MetadataFile), metadata.ToUtf8());
        using (ArtefactReader.Open(staging.Path, plan.Config.NumThreads))
        {
            // Opening checks that every layer is there, complete and consistent: what is published can be read.
        }

        cancellationToken.ThrowIfCancellationRequested();
        staging.Publish();
    }

    private static void Copy(SidecarFile file, string folder)
    {
        string target = Path.Combine(folder, file.RelativePath);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(file.SourcePath, target, overwrite: false);
        File.SetAttributes(target, FileAttributes.Normal);
    }
}
