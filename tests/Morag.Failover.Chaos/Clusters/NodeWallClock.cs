using System.Globalization;

namespace Morag.Failover.Chaos.Clusters;

/// <summary>The wall clock of a node, which can jump. Its monotonic clock is the real one.</summary>
internal sealed class NodeWallClock
{
    private readonly string file;

    public NodeWallClock(string folder)
    {
        Directory.CreateDirectory(folder);
        file = Path.Combine(folder, "clock");
        Set(TimeSpan.Zero);
    }

    /// <summary>The library that fakes clocks; null if it is not installed.</summary>
    public static string? Library { get; } = new[] { "/usr/lib", "/usr/lib64" }
        .Where(Directory.Exists)
        .SelectMany(static folder => Directory.EnumerateDirectories(folder).Append(folder))
        .Select(static folder => Path.Combine(folder, "faketime", "libfaketimeMT.so.1"))
        .FirstOrDefault(File.Exists);

    /// <summary>How far it is ahead of the real clock.</summary>
    public TimeSpan Ahead { get; private set; }

    /// <summary>The variables of a process that has this clock.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["LD_PRELOAD"] = Library!,
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        ["DONT_FAKE_MONOTONIC"] = "1",
        ["FAKETIME_TIMESTAMP_FILE"] = file,
        ["FAKETIME_CACHE_DURATION"] = "1",

        // The way of .NET to wait for a time on the monotonic clock needs no fix, and stalls with it.
        ["FAKETIME_FORCE_MONOTONIC_FIX"] = "0",
    };

    /// <summary>Sets it; the process notices within a second.</summary>
    public void Set(TimeSpan ahead)
    {
        // A reader never sees half a file.
        var next = file + ".next";
        File.WriteAllText(next, ahead.TotalSeconds.ToString("+0;-0;+0", CultureInfo.InvariantCulture));
        File.Move(next, file, overwrite: true);
        Ahead = ahead;
    }
}
