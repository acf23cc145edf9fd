using System.Globalization;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Workers;

/// <summary>The metrics of the heartbeats: tasks since the worker started, and the load of its machine.</summary>
internal sealed class WorkerTally
{
    private readonly Lock changing = new();
    private long completed;
    private long failed;
    private double seconds;
    private (long Busy, long Total) lastCpu;

    public void Count(bool succeeded, TimeSpan duration)
    {
        lock (changing)
        {
            _ = succeeded ? completed++ : failed++;
            seconds += duration.TotalSeconds;
        }
    }

    public WorkerMetrics Measure(int running)
    {
        lock (changing)
        {
            return new WorkerMetrics
            {
                CpuUsagePercent = CpuPercent(),
                MemoryUsagePercent = MemoryPercent(),
                ActiveTasks = running,
                CompletedTasks = completed,
                FailedTasks = failed,
                AvgTaskDurationSeconds = completed + failed == 0 ? 0 : Math.Round(seconds / (completed + failed), 3),
            };
        }
    }

    // The load of the whole machine since the last call; 0 on systems without /proc.
    private double CpuPercent()
    {
        if (FirstLine("/proc/stat") is not { } line)
        {
            return 0;
        }

        var times = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8)
            .Select(time => long.TryParse(time, CultureInfo.InvariantCulture, out var ticks) ? ticks : 0).ToArray();
        if (times.Length < 5)
        {
            return 0;
        }

        var total = times.Sum();
        var busy = total - times[3] - times[4];
        var percent = total > lastCpu.Total ? 100.0 * (busy - lastCpu.Busy) / (total - lastCpu.Total) : 0;
        lastCpu = (busy, total);
        return Math.Round(Math.Clamp(percent, 0, 100), 1);
    }

    private static double MemoryPercent()
    {
        var memory = GC.GetGCMemoryInfo();
        return memory.TotalAvailableMemoryBytes == 0
            ? 0
            : Math.Round(Math.Clamp(100.0 * memory.MemoryLoadBytes / memory.TotalAvailableMemoryBytes, 0, 100), 1);
    }

    private static string? FirstLine(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadLines(path).FirstOrDefault() : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
