using System.Globalization;

namespace Morag.Failover.TestProcesses;

/// <summary>Reads the process table of Linux.</summary>
public static class ProcessTable
{
    /// <summary>Whether a process is gone or a zombie.</summary>
    public static bool IsGone(int processId)
    {
        if (!Signals.Exists(processId))
        {
            return true;
        }

        // The state follows the program's name, which is in parentheses and may contain any character.
        return Read(processId, "stat") is not { Length: > 0 } stat
            || stat[stat.LastIndexOf(')')..].StartsWith(") Z", StringComparison.Ordinal);
    }

    /// <summary>The running processes that have a variable in their environment.</summary>
    public static IEnumerable<int> WithEnvironment(string name, string value) =>
        from folder in Directory.EnumerateDirectories("/proc")
        where int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out _)
        let processId = int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)
        where Read(processId, "environ").Split('\0').Contains($"{name}={value}") && !IsGone(processId)
        select processId;

    /// <summary>The children of a process, including zombies.</summary>
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
