using System.Globalization;

namespace Morag.Failover.TestProcesses;

/// <summary>What Linux says of processes, also of those that are no children of the test.</summary>
public static class ProcessTable
{
    /// <summary>Whether a process is gone; one that only waits for its parent to take its exit code is.</summary>
    public static bool IsGone(int processId)
    {
        if (!Signals.Exists(processId))
        {
            return true;
        }

        // The state follows the program's name, which stands in brackets and may hold anything.
        return Read(processId, "stat") is not { Length: > 0 } stat || stat[stat.LastIndexOf(')')..].StartsWith(") Z", StringComparison.Ordinal);
    }

    /// <summary>The processes that were started with a variable in their environment and still run.</summary>
    public static IEnumerable<int> WithEnvironment(string name, string value) =>
        from folder in Directory.EnumerateDirectories("/proc")
        where int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out _)
        let processId = int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)
        where Read(processId, "environ").Split('\0').Contains($"{name}={value}") && !IsGone(processId)
        select processId;

    /// <summary>The processes that have this one for a parent, dead ones that it has not reaped included.</summary>
    public static IReadOnlyList<int> ChildrenOf(int parent) =>
    [
        .. from folder in Directory.EnumerateDirectories("/proc")
           where int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out _)
           let processId = int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)
           where Read(processId, "stat") is { Length: > 0 } stat
               && stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1] == parent.ToString(CultureInfo.InvariantCulture)
           select processId,
    ];

    private static string Read(int processId, string file)
    {
        try
        {
            return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/{file}"));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
