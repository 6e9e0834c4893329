namespace ArrowQuant.Pipeline.Running;

/// <summary>One block of one tensor: the unit of work.</summary>
/// <param name="TensorIndex">Position of the tensor in plan order.</param>
/// <param name="RowStart">First matrix row.</param>
/// <param name="RowCount">Rows.</param>
/// <param name="IsLast">True for the last block of its tensor.</param>
internal sealed record BlockJob(int TensorIndex, long RowStart, int RowCount, bool IsLast);
