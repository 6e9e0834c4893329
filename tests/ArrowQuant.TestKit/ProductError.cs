namespace ArrowQuant.TestKit;

/// <summary>How far products of a matrix are from those in double precision.</summary>
public static class ProductError
{
    /// <summary>The norm of the error over the norm of the exact products.</summary>
    /// <param name="weights">[rows, columns].</param>
    /// <param name="columns">Columns of the matrix.</param>
    /// <param name="inputs">[count, columns].</param>
    /// <param name="outputs">[count, rows].</param>
    public static double Of(float[] weights, int columns, float[] inputs, float[] outputs)
    {
        int rows = weights.Length / columns;
        double error = 0, norm = 0;
        for (int i = 0; i < outputs.Length; i++)
        {
            int row = i % rows, input = i / rows;
            double exact = 0;
            for (int c = 0; c < columns; c++) exact += (double)weights[row * columns + c] * inputs[input * columns + c];
            error += (outputs[i] - exact) * (outputs[i] - exact);
            norm += exact * exact;
        }

        return Math.Sqrt(error / norm);
    }
}
