namespace Morag.EmbeddedRedis;

/// <summary>Folders that only the user of this process can enter.</summary>
internal static class PrivateFolder
{
    private const UnixFileMode UserAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Creates the folder if need be. One that exists keeps its permissions. On Windows, a new one has those of its parent.</summary>
    public static void Create(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UserAlone);
        }
    }

    /// <summary>Creates the folder if need be, and takes the permissions of everybody else from one that exists.</summary>
    public static void CreateOrClose(string path)
    {
        Create(path);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UserAlone);
        }
    }
}
