using ArrowQuant.Errors;
using ArrowQuant.Pipeline;

namespace ArrowQuant.Tests.Pipeline;

public sealed class OutputPathTests
{
    [Theory]
    [InlineData("models/a", "models/a", "is the model itself")]
    [InlineData("models/a", "models/a/", "is the model itself")]
    [InlineData("models/a", "models", "holds the model")]
    [InlineData("models/a", "models/a/out", "lies in the model")]
    [InlineData("models/a", "models/b/../a/out", "lies in the model")]
    [InlineData("models/a", "/", "holds the model")]
    public void Check_OutputMeetsTheModel_IsRefused(string model, string output, string reason)
    {
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => OutputPath.Check(model, output));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Equal(output, error.FilePath);
    }

    [Theory]
    [InlineData("models/a", "models/ab")]
    [InlineData("models/a.safetensors", "models/a")]
    [InlineData("models/a", "models/a-int4")]
    public void Check_OutputBesideTheModel_IsTaken(string model, string output) => OutputPath.Check(model, output);
}
