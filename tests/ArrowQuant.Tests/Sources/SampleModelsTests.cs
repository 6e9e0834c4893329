using ArrowQuant.Configuration;
using ArrowQuant.Sources;
using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.Sources;

public sealed class SampleModelsTests
{
    [Theory]
    [InlineData("llada-kjv", Modality.Text, "llada", 48, 2312640)]
    [InlineData("dit-digits", Modality.Image, "dit", 52, 2833156)]
    [InlineData("diffwave-spoken-digits", Modality.Audio, "diffwave", 71, 991896)]
    public void Open_SampleModel_IsDescribedByItsMetadata(string name, Modality modality, string type, int tensors, long parameters)
    {
        string folder = RepositoryPaths.Sample(name);
        using IModelSource source = ModelSource.Open(folder);
        ModelDescription description = source.Description;
        Assert.Equal(
            (modality, "metadata.json modality", type, true),
            (description.Modality, description.ModalityOrigin, description.ModelType, description.IsDiffusionModel));
        Assert.Equal((tensors, parameters), (source.Tensors.Count, source.Tensors.Sum(tensor => tensor.Shape.ElementCount)));
        Assert.Equal([Path.Combine(folder, "calibration.safetensors")], source.Description.CalibrationFiles);
        Assert.Equal(["config.json"], source.Description.Sidecars.Select(file => file.RelativePath));
        Assert.Empty(source.Description.Notes);
    }

    [Fact]
    public void Open_EveryPublicCheckpoint_ReadsWithoutNotes()
    {
        foreach (string name in RepositoryPaths.WeightNames)
        {
            using IModelSource source = ModelSource.Open(RepositoryPaths.Weights(name));
            Assert.NotEmpty(source.Tensors);
            Assert.Empty(source.Description.Notes);
            Assert.All(source.Tensors, tensor => Assert.Null(tensor.AlreadyQuantized));
        }
    }
}
