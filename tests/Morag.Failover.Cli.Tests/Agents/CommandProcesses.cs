using System.Globalization;

namespace Morag.Failover.Cli.Tests.Agents;

/// <summary>Finds processes that commands started.</summary>
internal static class CommandProcesses
{
    /// <summary>Reads the process id that a command wrote to a file.</summary>
    public static int Id(string pidFile) => int.Parse(File.ReadAllText(pidFile), CultureInfo.InvariantCulture);

    /// <summary>Whether the process is gone or a zombie.</summary>
    public static bool IsGone(int processId)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>The running processes that have a variable in their environment.</summary>
    public static IEnumerable<int> WithEnvironment(string name, string value) =>
        from folder in Directory.EnumerateDirectories("/proc")
        where int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out _)
        let processId = int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)
        where EnvironmentOf(folder).Split('\0').Contains($"{name}={value}") && !IsGone(processId)
        select processId;

    private static string EnvironmentOf(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "environ"));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
