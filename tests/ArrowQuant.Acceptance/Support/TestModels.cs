using System.Collections.Concurrent;
using ArrowQuant.Acceptance.Support;
using ArrowQuant.Sources;
using ArrowQuant.TestKit;
using ArrowQuant.TestKit.Parquet;

[assembly: AssemblyFixture(typeof(TestModels))]

namespace ArrowQuant.Acceptance.Support;

/// <summary>
/// The models that the tests share: samples, public checkpoints and seeded ones, each in both forms, made once and never changed.
/// </summary>
public sealed class TestModels : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ConcurrentDictionary<string, Lazy<string>> _made = new(StringComparer.Ordinal);

    /// <summary>The sample dit-digits: image.</summary>
    public string Dit(ModelForm form) => InForm(RepositoryPaths.Sample("dit-digits"), form);

    /// <summary>The sample llada-kjv: text.</summary>
    public string Llada(ModelForm form) => InForm(RepositoryPaths.Sample("llada-kjv"), form);

    /// <summary>The sample diffwave-spoken-digits: audio.</summary>
    public string DiffWave(ModelForm form) => InForm(RepositoryPaths.Sample("diffwave-spoken-digits"), form);

    /// <summary>Four layers of seeded iid Gaussian weights.</summary>
    public string Gaussian(ModelForm form, string modality = "image") => InForm(
        Once($"gaussian-{modality}", folder => SyntheticModels.Write(folder, WeightDistribution.Gaussian, 11, modality)), form);

    /// <summary>The same with one pair of +-20 standard deviations in every group of 128.</summary>
    public string Outliers(ModelForm form) => InForm(
        Once("outliers", folder => SyntheticModels.Write(folder, WeightDistribution.GaussianWithOutliers, 12, outlierDeviations: 20)),
        form);

    /// <summary>
    /// Two layers of Gaussian rows of 8192, each with one pair of +-60 and 57 pairs of +-8 standard deviations: a third of the energy at
    /// each scale. One grid for such a row has levels for one scale at 2 bits and for two of them at 4 bits, which is below 0.85 in both
    /// cases.
    /// </summary>
    public string LongRows(ModelForm form) => InForm(Once("long-rows", WriteLongRows), form);

    /// <summary>A model folder in the form asked for.</summary>
    public string InForm(string folder, ModelForm form) => form == ModelForm.Safetensors
        ? folder
        : Once("parquet-" + Path.GetFileName(folder), target =>
        {
            using IModelSource source = ModelSource.Open(folder);
            V2ExtendedConverter.Convert(source, target);
            return target;
        });

    /// <summary>What <paramref name="make"/> makes in a folder of this name, once.</summary>
    public string Once(string name, Func<string, string> make) =>
        _made.GetOrAdd(name, key => new Lazy<string>(() => make(_folder.PathOf(key)))).Value;

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private static string WriteLongRows(string folder)
    {
        const int Rows = 16;
        const int Columns = 8192;
        Dictionary<string, (long[] Shape, float[] Values)> tensors = new(StringComparer.Ordinal);
        for (int layer = 0; layer < 2; layer++)
        {
            float[] values = SyntheticModels.Values(
                WeightDistribution.Gaussian, Rows * Columns, 21 + (ulong)layer, standardDeviation: 0.02);
            for (int row = 0; row < Rows; row++)
            {
                Span<float> weights = values.AsSpan(row * Columns, Columns);
                for (int pair = 0; pair < 58; pair++)
                {
                    float outlier = pair == row ? 60 * 0.02f : 8 * 0.02f;
                    weights[(70 * pair) + row] = outlier;
                    weights[(70 * pair) + row + 4096] = -outlier;
                }
            }

            tensors.Add($"blocks.{layer}.proj.weight", ([Rows, Columns], values));
        }

        Directory.CreateDirectory(folder);
        WeightFileWriter.Write(
            Path.Combine(folder, "model.safetensors"), tensors, new Dictionary<string, string> { ["modality"] = "image" });
        return folder;
    }
}
