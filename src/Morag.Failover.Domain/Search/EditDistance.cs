namespace Morag.Failover.Domain.Search;

/// <summary>How many letters must be inserted, removed, replaced or swapped to make one word of another.</summary>
internal static class EditDistance
{
    /// <summary>Longer words are not compared: they are no misspelled names.</summary>
    private const int Longest = 40;

    public static int Of(string one, string other)
    {
        if (one.Length > Longest || other.Length > Longest)
        {
            return int.MaxValue;
        }

        var distances = new int[one.Length + 1, other.Length + 1];
        for (var i = 0; i <= one.Length; i++)
        {
            for (var j = 0; j <= other.Length; j++)
            {
                distances[i, j] = i == 0 || j == 0 ? i + j : Least(distances, one, other, i, j);
            }
        }

        return distances[one.Length, other.Length];
    }

    private static int Least(int[,] distances, string one, string other, int i, int j)
    {
        var least = Math.Min(
            Math.Min(distances[i - 1, j], distances[i, j - 1]) + 1, distances[i - 1, j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1));
        var isSwap = i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1];
        return isSwap ? Math.Min(least, distances[i - 2, j - 2] + 1) : least;
    }
}
