using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary>Detects the hardware of this machine.</summary>
internal static class MachineHardware
{
    private const double Gibibyte = 1024 * 1024 * 1024;

    private static readonly TimeSpan ToolTimeout = TimeSpan.FromSeconds(20);

    public static WorkerHardware Detect(string workFolder)
    {
        var gpus = Gpus();
        return new WorkerHardware
        {
            CpuCores = Environment.ProcessorCount,
            MemoryGb = Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / Gibibyte, 1),
            GpuCount = gpus.Length,
            GpuMemoryGb = gpus.Length == 0 ? 0 : Math.Round(gpus.Min(gpu => gpu.MemoryGb), 1),
            GpuModels = [.. gpus.Select(gpu => gpu.Model)],
            DiskSpaceGb = DiskGb(workFolder),
        };
    }

    private static double DiskGb(string workFolder)
    {
        try
        {
            return Math.Round(new DriveInfo(Path.GetFullPath(workFolder)).AvailableFreeSpace / Gibibyte, 1);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Usage(
                $"cannot read the free disk space of --work-dir: {failure.Message}. Give --disk-gb, or another --work-dir");
        }
    }

    // Detects NVIDIA GPUs. Others have to be given as options.
    private static (string Model, double MemoryGb)[] Gpus()
    {
        if (Executables.Find("nvidia-smi") is not { } tool)
        {
            return [];
        }

        try
        {
            var start = new ProcessStartInfo(tool) { RedirectStandardOutput = true, RedirectStandardError = true };
            start.ArgumentList.Add("--query-gpu=name,memory.total");
            start.ArgumentList.Add("--format=csv,noheader,nounits");
            using var process = Process.Start(start)!;
            var reading = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(ToolTimeout))
            {
                // A driver that hangs must not prevent the agent from starting.
                process.Kill(entireProcessTree: true);
                return [];
            }

            var lines = reading.GetAwaiter().GetResult().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            return [.. lines.Select(Gpu).OfType<(string, double)>()];
        }
        catch (Exception failure) when (failure is Win32Exception or IOException)
        {
            return [];
        }
    }

    private static (string Model, double MemoryGb)? Gpu(string line)
    {
        var comma = line.LastIndexOf(',');
        return comma > 0 && double.TryParse(line[(comma + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var mebibytes)
            ? (line[..comma].Trim(), mebibytes / 1024)
            : null;
    }
}
