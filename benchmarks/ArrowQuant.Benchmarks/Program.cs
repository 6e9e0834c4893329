using ArrowQuant.Benchmarks;
using ArrowQuant.Benchmarks.Fidelity;
using ArrowQuant.Benchmarks.Speed;
using BenchmarkDotNet.Running;

// matrix [order] [rounds] [kernel set]: linear algebra against the processor's peak
if (args is ["matrix", .. string[] rest]) return MatrixBenchmark.Run(rest);

// layer [order] [samples] [spatial on|off]: one large calibrated layer
if (args is ["layer", .. string[] sizes]) return await LayerBenchmark.RunAsync(sizes);

if (args is ["layer-run", .. string[] run]) return await LayerBenchmark.QuantizeAsync(run);

if (args is ["layer-files", .. string[] files]) return LayerBenchmark.WriteFiles(files);

// fidelity [--samples N] [--seeds N] [--model NAME] [--bits 2,4,8] [--sequential] [--out FILE]: what quantized models still do
if (args is ["fidelity", .. string[] options]) return await FidelityProgram.RunAsync(options);

// kernels [--rounds N] [--megabytes N] [--only TEXT]: every kernel beside the memory's own rate
if (args is ["kernels", .. string[] kernels]) return KernelBenchmark.Run(kernels, Console.WriteLine);

// model [--gigabytes N] [--rounds N]: the whole tool beside a program that only moves the bytes
if (args is ["model", .. string[] model]) return ModelBenchmark.Run(model, Console.WriteLine);

// all [--out FILE] and the options of both: kernels and the whole tool, with what they ran on
if (args is ["all", .. string[] everything]) return SpeedProgram.Run(everything);

if (args is ["model-copy", .. string[] copy]) return PlainCopy.Run(copy);

// fuzz [--inputs N] [--reader R] [--seed S] [--from I]: readers against changed files
if (args is ["fuzz", .. string[] campaign]) return FuzzProgram.Run(campaign);

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
