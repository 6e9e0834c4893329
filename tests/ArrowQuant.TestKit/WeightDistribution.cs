namespace ArrowQuant.TestKit;

/// <summary>What synthetic weights are drawn from; all have mean 0, and standard deviation 1 before they are scaled.</summary>
public enum WeightDistribution
{
    /// <summary>Normal.</summary>
    Gaussian,

    /// <summary>Laplace: tails like those of attention weights.</summary>
    Laplace,

    /// <summary>Student t with 5 degrees of freedom, scaled to variance 1.</summary>
    StudentFive,

    /// <summary>Student t with 3 degrees of freedom, scaled to variance 1: the fourth moment is infinite.</summary>
    StudentThree,

    /// <summary>Normal, and in every 128 consecutive values one of +k and one of -k standard deviations at random places.</summary>
    GaussianWithOutliers,
}
