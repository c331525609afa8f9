package workerfront.agent;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The folders of temporary files: one for each spare, inside one that belongs to this agent alone, or none at all. */
final class TempFolders {
    static final String PREFIX = "wf-";
    // Only what is not empty needs the shell, which reaches any depth. A folder may have been closed to its owner.
    private static final String REMOVE = "chmod -R u+rwx -- \"$1\"; rm -rf -- \"$1\"";

    private final File base; // null: none
    private Set<String> known; // what was there when the handler was first loaded

    TempFolders(String path) {
        base = path.isEmpty() ? null : new File(path);
    }

    /** A new one; null when there is no place for any. */
    File create() throws IOException {
        return base == null ? null : Files.createTempDirectory(base.toPath(), PREFIX).toFile();
    }

    /** What is there now is not ours to remove. Counts once. */
    void remember() {
        if (known == null) {
            known = new HashSet<>(names());
        }
    }

    /** Removes it with whatever is in it; null is nothing. */
    void remove(File folder) {
        if (folder == null || folder.delete() || !folder.exists()) {
            return;
        }
        try {
            String[] command = {"/bin/sh", "-c", REMOVE, "sh", folder.getPath()};
            new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(new File("/dev/null")).start().waitFor();
        } catch (IOException | InterruptedException error) {
            error.printStackTrace(Main.CONTAINER_LOG);
        }
    }

    boolean hasStrays(Collection<Spare> spares) {
        return !strays(spares).isEmpty();
    }

    /** Takes everything away that belongs neither to a spare nor to the time before: into a folder that can be removed. */
    File collectStrays(Collection<Spare> spares) {
        try {
            List<String> strays = strays(spares);
            File trash = strays.isEmpty() ? null : create();
            for (String name : strays) {
                new File(base, name).renameTo(new File(trash, name));
            }
            return trash;
        } catch (IOException error) { // the folder is full; the next call's end tries again
            return null;
        }
    }

    private List<String> strays(Collection<Spare> spares) {
        List<String> strays = names();
        for (Spare spare : spares) {
            strays.remove(spare.folder == null ? null : spare.folder.getName());
        }
        if (known == null) {
            strays.clear();
        } else {
            strays.removeAll(known);
        }
        return strays;
    }

    private List<String> names() {
        String[] names = base == null ? null : base.list();
        return names == null ? new ArrayList<String>() : new ArrayList<>(Arrays.asList(names));
    }
}
